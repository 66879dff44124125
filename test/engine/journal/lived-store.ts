import { replayJournal } from "@loan-engine/app/audit/replay-journal"
import type { Replayed } from "@loan-engine/app/audit/replay-journal"
import { verifyJournal } from "@loan-engine/app/audit/verify-journal"
import type { Checks, Verification } from "@loan-engine/app/audit/verify-journal"
import type { Anchor } from "@loan-engine/app/journal/anchor"
import { countFeed } from "@loan-engine/app/callbacks/callback-watch"
import { LoanEngine } from "@loan-engine/app/record/engine"
import type { JournalStore } from "@loan-engine/app/ports/journal-store"
import type { LoanStore } from "@loan-engine/app/ports/loan-store"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { redactLoan } from "@loan-engine/app/record/redaction"
import { sealFeed } from "@loan-engine/app/feed/sealing"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import type { WebhookStore } from "@loan-engine/app/ports/webhook-store"
import { DecimalText } from "@loan-engine/domain/decimal-text"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Evidence, HoldReason, Source } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"

export const account = AccountName.make("se")

export type Services = LoanEngine | LoanStore | JournalStore | WebhookStore

/** Runs work on a store, as the engine does. */
export const onStore = <A, E>(path: string, work: Effect.Effect<A, E, Services>): Promise<A> =>
  Effect.runPromise(
    Effect.provide(
      work,
      LoanEngine.layer(cadenceDefaults).pipe(Layer.provideMerge(layerSqlite({ path, ...sqliteDefaults }))),
    ),
  )

const reading = (path: string) => layerSqlite({ path, ...sqliteDefaults, readOnly: true, oneMoment: true })

/** The horizon for these stores. Their loans lie far in the past, and none of them may count as dormant. */
export const untiring = 100_000 * 86_400_000

/** Verifies a file, as the command does. */
export const verifyFile = (
  path: string,
  anchors: ReadonlyArray<Anchor> = [],
  checks?: Checks,
  restMs = untiring,
): Promise<Verification> =>
  Effect.runPromise(Effect.provide(verifyJournal(anchors, checks, restMs), reading(path)))

/** Replays a file, as the command does. */
export const replayFile = (path: string): Promise<Replayed> =>
  Effect.runPromise(Effect.provide(replayJournal(), reading(path)))

interface Said {
  readonly source: Source
  readonly evidence: Evidence
  readonly hold?: HoldReason
  readonly events: ReadonlyArray<LoanEvent>
  readonly body: string
  readonly account?: string
}

/** Records an observation of a loan at a given time. */
export const say = Effect.fnUntraced(function* (reference: string, at: number, said: Said) {
  const engine = yield* LoanEngine
  const { body, ...observed } = said
  const observation = {
    ...observed,
    applicationReference: ApplicationReference.make(reference),
    account: AccountName.make(said.account ?? account),
    receivedAt: at,
  }
  return yield* engine.record(observation, new TextEncoder().encode(body))
})

const callback = (reference: string, ...events: ReadonlyArray<LoanEvent>): Said => ({
  source: "callback",
  evidence: "credentials",
  events,
  body: JSON.stringify({ reference, events, customer: `private words of ${reference}` }),
})

/**
 * All observations of one loan. They have every source, repeated callbacks, held callbacks, an offer, an addition and
 * an end.
 */
export function lifeOf(reference: string, at: number): ReadonlyArray<readonly [number, Said]> {
  const bank = (source: Source, events: ReadonlyArray<LoanEvent>): Said => ({
    source,
    evidence: "bank",
    events,
    body: `<answer>${reference} ${source} ${JSON.stringify(events)}</answer>`,
  })
  const approved: LoanEvent = {
    type: "decision.approved",
    at: at + 10,
    offer: { approvedAmount: DecimalText.make("50000") },
  }
  const requested: LoanEvent = { type: "addition.requested", at: at + 20, requiredDocuments: ["ID"] }
  return [
    [at, bank("submission", [{ type: "decision.pending", at }])],
    [at + 10, { ...callback(reference, approved), evidence: "jws" }],
    [
      at + 15,
      { ...callback(reference, { type: "loan.paidOut", at }), evidence: "none", hold: "no-evidence" },
    ],
    [at + 20, callback(reference, requested)],
    [at + 21, callback(reference, requested)],
    [at + 30, bank("poll", [{ type: "addition.cleared", at: at + 30 }])],
    [at + 35, { ...callback(reference, { type: "decision.rejected", at: at + 35 }), account: "no" }],
    [at + 40, callback(reference, { type: "agreement.signed", at: at + 40, method: "E_SIGN" })],
    [at + 50, bank("quote", [{ type: "decision.approved", at: at + 50, fresh: true }])],
    [at + 60, bank("poll", [{ type: "loan.paidOut", at: at + 60 }])],
  ]
}

/** How many rows a checkpoint seals in these stores. The number is small, so that there are many checkpoints. */
const checkpointRowsMax = 7

/**
 * Fills a store with loans in all parts of their lives, redacts one loan, and seals everything. With `tail`, some
 * rows at the end stay unsealed.
 */
export const liveOn = (path: string, { tail }: { readonly tail: boolean }): Promise<unknown> =>
  onStore(
    path,
    Effect.gen(function* () {
      const references = Array.from({ length: 6 }, (_, index) => `loan-${index}`)
      const lives = references.map((reference, index) => lifeOf(reference, 1_000 + 7 * index))
      for (let moment = 0; moment < 10; moment++) {
        for (const [index, reference] of references.entries()) {
          const next = lives[index]?.[moment]
          if (next !== undefined) yield* say(reference, ...next)
        }
      }
      yield* redactLoan({
        applicationReference: ApplicationReference.make("loan-3"),
        by: "Ada",
        reason: "asked for by the customer",
        dryRun: false,
      })
      yield* sealFeed(checkpointRowsMax)
      yield* countFeed
      if (!tail) return
      for (const reference of ["tail-0", "tail-1", "tail-2"]) {
        for (const next of lifeOf(reference, 9_000).slice(0, 4)) yield* say(reference, ...next)
      }
    }),
  )

/** Settings with which the polls of an approved loan end after a day without news, instead of after 266 days. */
export const restless = {
  LOAN_ENGINE_APPROVED_HORIZON_DAYS: "1",
  LOAN_ENGINE_DORMANT_WEEKLY_DAYS: "0",
  LOAN_ENGINE_DORMANT_MONTHLY_DAYS: "0",
}

/** Records a loan that was approved a week ago, and whose polls have ended by the settings `restless`. */
export const letOneRest = (path: string): Promise<void> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const heardAt = Date.now() - 7 * 86_400_000
      for (const at of [heardAt, heardAt + 3 * 86_400_000]) {
        const cleared: LoanEvent = { type: "addition.cleared", at }
        const approved: LoanEvent = { type: "decision.approved", at, fresh: true }
        const bank = { evidence: "bank", body: "<answer/>" } as const
        yield* say("resting", at, { ...bank, source: "poll", events: [cleared] })
        yield* say("resting", at, { ...bank, source: "quote", events: [approved] })
      }
      const loan = yield* (yield* LoanEngine).loan(ApplicationReference.make("resting"))
      if (loan?.schedule.nextPollAt !== null) throw new Error("the loan does not rest")
    }).pipe(
      Effect.provide(
        LoanEngine.layer({
          ...cadenceDefaults,
          approvedHorizonDays: 1,
          dormantWeeklyDays: 0,
          dormantMonthlyDays: 0,
        }).pipe(Layer.provideMerge(layerSqlite({ path, ...sqliteDefaults }))),
      ),
    ),
  )
