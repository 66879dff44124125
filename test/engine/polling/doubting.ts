import type { ExchangeResponse } from "@loan-engine/adapters-http/http/exchange"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import { ApplicationReference } from "@loan-engine/domain/observation"
import type { HoldReason, Observation } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import { failingAnswer, polling, se } from "./poller-support.ts"
import type { Asked, Polled, PollerUnderTest } from "./poller-support.ts"

export const applicationReference = ApplicationReference.make("doubted")
export const secondMs = 1_000

/** The bank's answers. */
export interface BankNow {
  decision: "APPROVED" | "REJECTED" | "MANUAL_INSPECTION"
  paidOut: boolean
  waitingForAddition: boolean
  isDown: boolean
  /** The `Retry-After` of a bank that is down. */
  retryAfterSeconds?: number
}

const says =
  (bank: BankNow) =>
  (asked: Asked): Effect.Effect<ExchangeResponse> =>
    bank.isDown
      ? failingAnswer(
          503,
          bank.retryAfterSeconds === undefined ? {} : { "retry-after": String(bank.retryAfterSeconds) },
        )
      : Effect.succeed({
          status: 200,
          headers: { "content-type": "text/xml; charset=utf-8" },
          body:
            asked.question === "status"
              ? getApplicationStatusResponse.encode({
                  waitingForAddition: bank.waitingForAddition,
                  paidOut: bank.paidOut,
                })
              : getApplicationQuoteResponse.encode({
                  applicationReference: asked.reference,
                  decision: bank.decision,
                  offer: {},
                }),
        })

export type Said<Event = LoanEvent> = Event extends LoanEvent ? Omit<Event, "at"> : never

/**
 * Runs a test on one loan at a bank whose answers the test sets. `under` can remove the account's bank or break a
 * part of the engine on purpose.
 */
export const doubting = <A>(
  initial: Partial<BankNow>,
  use: (
    tools: Polled & {
      readonly bank: BankNow
      readonly hear: (
        source: "callback" | "submission" | "operator",
        ...said: ReadonlyArray<Said>
      ) => Effect.Effect<unknown, unknown>
      /** Records a callback of the bank that is held for this reason. */
      readonly hearHeld: (hold: HoldReason) => Effect.Effect<unknown, unknown>
      readonly shown: Effect.Effect<unknown, unknown>
      /** Whether a person should look at the loan. */
      readonly isStalled: Effect.Effect<boolean | undefined, unknown>
      readonly nextPollAt: Effect.Effect<number | null | undefined, unknown>
    },
  ) => Effect.Effect<A, unknown>,
  under: Pick<PollerUnderTest, "store" | "banks"> = {},
) => {
  const bank: BankNow = {
    decision: "APPROVED",
    paidOut: false,
    waitingForAddition: false,
    isDown: false,
    ...initial,
  }
  const evidence = { callback: "credentials", submission: "merchant", operator: "operator" } as const
  return polling({ answer: says(bank), plan: () => Effect.void, ...under }, (polled) => {
    const stored = polled.engine.loan(applicationReference)
    const record = (
      source: keyof typeof evidence,
      said: ReadonlyArray<Said>,
      held: Pick<Observation, "hold"> = {},
    ) =>
      Effect.flatMap(Clock.currentTimeMillis, (at) => {
        const observation: Observation = {
          applicationReference,
          account: se,
          source,
          evidence: evidence[source],
          receivedAt: at,
          events: said.map((event) => ({ ...event, at })),
          ...held,
        }
        return polled.engine.record(observation, new TextEncoder().encode(JSON.stringify([at, said])))
      })
    return use({
      ...polled,
      bank,
      hear: (source, ...said) => record(source, said),
      hearHeld: (hold) => record("callback", [], { hold }),
      shown: Effect.map(stored, (loan) => {
        if (loan === undefined) return undefined
        const { stage, next } = loanView(loan.loan, { ...loan.schedule, hasBank: under.banks?.length !== 0 })
        return `${stage}: ${next.actor} ${next.action}`
      }),
      isStalled: Effect.map(stored, (loan) => loan?.schedule.stalled),
      nextPollAt: Effect.map(stored, (loan) => loan?.schedule.nextPollAt),
    })
  })
}

export const approved: Said = { type: "decision.approved" }
export const rejected: Said = { type: "decision.rejected" }
export const pending: Said = { type: "decision.pending" }
export const signed: Said = { type: "agreement.signed" }
export const paidOut: Said = { type: "loan.paidOut" }

/** How long the engine may wait before it polls for a confirmation. */
export const atOnceMs = 1_000
