import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Offer } from "@loan-engine/domain/offer"
import { Clock, Context, Effect, Layer, Redacted, Schema } from "effect"
import { loanClient } from "../client/loan-client.ts"
import type { LoanClient } from "../client/loan-client.ts"
import type { EntryJson, LoanJson } from "../contract/loan-schemas.ts"
import { configOf } from "../config/config.ts"
import { engineServer } from "../engine/server.ts"
import { HttpListener } from "../serve/listener.ts"
import type { BankLoan } from "./bank-loan.ts"
import type { SandboxBank } from "./sandbox-bank.ts"
import { bodyOf, sign } from "./callback-sender.ts"
import { callbackCredentials, serveBank } from "./served-bank.ts"
import type { BankKnows, Heard, LifeStep, Stands, ToldLife } from "./told-life.ts"

/** A loan did not reach a state that its life expects, or a request of the life failed. */
export class LifeWentWrong extends Schema.TaggedError<LifeWentWrong>()("LifeWentWrong", {
  message: Schema.String,
}) {}

export interface PlaySettings {
  /** An SQLite file, or a PostgreSQL URL. */
  readonly databaseUrl: string
  /** The engine's API key. With it, a person can also watch the loans in the console. */
  readonly apiKey: Redacted.Redacted
  /** How long a loan may take to reach an expected state. */
  readonly standsMsMax: number
  /** How long a replica of the bank may lag. A slow machine needs more: the engine must poll within this time. */
  readonly additionGraceMs: number
}

export const playLimitsDefault = { standsMsMax: 60_000, additionGraceMs: 8_000 }

const account = AccountName.make("lives")
/**
 * Receives signed callbacks. A life uses this account if it sets the bank's clock, because only a signature contains
 * the bank's time.
 */
const signedAccount = AccountName.make("lives-signed")

/** Nobody waits hours for these lives, so the engine polls soon after each event. */
const hurry = { pollSoonMs: 200, pollConfirmRetryMs: 300, stopDrainMs: 1 }

/**
 * A sandbox bank and an engine that talk over real HTTP on loopback. The engine runs as with `serve`. Several lives
 * may be played at the same time.
 */
export const makeStage = Effect.fnUntraced(function* ({
  databaseUrl,
  apiKey,
  standsMsMax,
  additionGraceMs,
}: PlaySettings) {
  const accounts = [account, signedAccount]
  const served = yield* serveBank({ seed: "lives", chaos: "none", speed: 1, accounts })
  const config = yield* configOf({
    port: 0,
    databaseUrl,
    apiKey: Redacted.value(apiKey),
    apiRequestsPerSecondMax: 1_000_000,
    ...hurry,
    additionGraceMs,
    accounts: {
      [account]: { currency: "SEK", ...served.unsignedSettingsOf(account) },
      [signedAccount]: {
        currency: "SEK",
        ...served.unsignedSettingsOf(signedAccount),
        ...served.jwksSettings,
      },
    },
  })
  const engine = yield* Layer.build(engineServer(config))
  const { url } = Context.get(engine, HttpListener)
  const client = loanClient({ baseUrl: url, apiKey: Redacted.value(apiKey) })
  return {
    url,
    client,
    play: (life: ToldLife, reference: string, tell: Tell) =>
      play({ bank: served.bank, url, client, standsMsMax }, life, ApplicationReference.make(reference), tell),
  }
})

/** Called after each step. */
export type Tell = (step: LifeStep) => Effect.Effect<void>

interface Stage {
  readonly bank: SandboxBank
  readonly url: string
  readonly client: LoanClient
  readonly standsMsMax: number
}

/** The bank's loan, and how far the bank's clock is ahead of the real time. */
interface Played extends BankLoan {
  clockAheadMinutes: number
}

const knowsTime = (step: LifeStep): boolean => "bank" in step && step.bank.clockAheadMinutes !== undefined

const play = Effect.fnUntraced(function* (
  stage: Stage,
  { name, steps }: ToldLife,
  reference: ApplicationReference,
  tell: Tell,
): Effect.fn.Return<void, LifeWentWrong> {
  const loan: Played = {
    reference,
    account: steps.some(knowsTime) ? signedAccount : account,
    clockAheadMinutes: 0,
    offer: {},
    requestedSigningMethod: "E_SIGN",
    decision: "MANUAL_INSPECTION",
    waitingForAddition: false,
    documents: [],
    signedWithMethod: undefined,
    paidOut: false,
    over: true,
  }
  stage.bank.place(loan)
  for (const [index, step] of steps.entries()) {
    yield* take(stage, loan, step).pipe(
      Effect.mapError(
        (wrong) => new LifeWentWrong({ message: `"${name}", step ${index + 1}: ${wrong.message}` }),
      ),
    )
    yield* tell(step)
  }
})

function take(stage: Stage, loan: Played, step: LifeStep): Effect.Effect<void, LifeWentWrong> {
  const { client } = stage
  const { reference } = loan
  if ("bank" in step) return Effect.sync(() => learn(stage.bank, loan, step.bank))
  if ("callback" in step) return deliver(stage, loan, step.callback)
  if ("register" in step) {
    const answer = {
      applicationReference: reference,
      decision: step.register,
      ...offered(loan, step.register),
    }
    return asked(() => client.register(answer, { account: loan.account }))
  }
  if ("ask" in step) return asked(() => client.poll(reference))
  if ("close" in step)
    return asked(() => client.closeLoan(reference, { reason: step.close, note: "As the life tells." }))
  if ("reopen" in step) return asked(() => client.reopenLoan(reference))
  if ("rule" in step) {
    return asked(() => client.rule(reference, { decision: step.rule, by: "Ada", reason: "asked the bank" }))
  }
  return comeTo(stage, reference, step.stands)
}

const asked = (call: () => Promise<unknown>): Effect.Effect<void, LifeWentWrong> =>
  Effect.tryPromise({ try: call, catch: (error) => new LifeWentWrong({ message: String(error) }) }).pipe(
    Effect.asVoid,
  )

const offered = ({ offer }: BankLoan, decision: string) => (decision === "APPROVED" ? offer : {})

const offerOf = (amount: number): Offer => {
  const approvedAmount = parseDecimal(String(amount))
  return approvedAmount === undefined ? {} : { approvedAmount }
}

function learn(bank: SandboxBank, loan: BankLoan, { offer, silent, ...knows }: BankKnows): void {
  Object.assign(loan, knows, offer === undefined ? {} : { offer: offerOf(offer) })
  if (silent === true) bank.loans.delete(loan.reference)
  if (silent === false) bank.place(loan)
}

/** For each kind of callback, its body without the reference. */
const bodies: { readonly [Says in Heard["says"]]: (heard: Heard) => object } = {
  approved: ({ offer = 10_000 }) => decided("APPROVED", offer),
  rejected: () => decided("REJECTED", 0),
  inspected: () => decided("MANUAL_INSPECTION", 0),
  documents: ({ documents = [] }) => ({
    applicationEventType: "WAITING_FOR_ADDITION",
    requiredDocuments: documents,
  }),
  signed: () => ({ applicationEventType: "SIGNED" }),
  paidOut: () => ({ applicationEventType: "PAID_OUT" }),
}

const decided = (creditDecision: string, approvedAmount: number): object => ({
  applicationEventType: "CREDIT_DECISION_UPDATED",
  creditDecision: { creditDecision, approvedAmount },
})

const deliver = Effect.fnUntraced(function* (
  { bank: { keys }, url }: Stage,
  { reference: applicationReference, account: receiver, clockAheadMinutes }: Played,
  heard: Heard,
) {
  const { times = 1, forged = false } = heard
  const event = { applicationReference, ...bodies[heard.says](heard) }
  const bankNow = (yield* Clock.currentTimeMillis) / 1_000 + clockAheadMinutes * 60
  const isSigned = receiver === String(signedAccount)
  const signature = isSigned
    ? yield* Effect.promise(() => sign(event, bankNow, keys.genuine, keys.kid))
    : undefined
  const authorization = forged ? "Basic c3RyYW5nZXI6Z3Vlc3M=" : `Basic ${callbackCredentials}`
  for (let sent = 0; sent < times; sent++) {
    const status = yield* Effect.tryPromise({
      try: async () => {
        const answer = await fetch(`${url}/callbacks/${receiver}`, {
          method: "POST",
          headers: { "content-type": "application/json", authorization },
          body: bodyOf(event, signature),
        })
        await answer.body?.cancel()
        return answer.status
      },
      catch: (error) => new LifeWentWrong({ message: String(error) }),
    })
    const expected = forged ? 401 : 200
    if (status !== expected)
      return yield* new LifeWentWrong({ message: `the callback was answered ${status}, not ${expected}` })
  }
})

const askEveryMs = 50

/** Waits until the loan has the expected state, because the engine's polls take a moment. */
const comeTo = Effect.fnUntraced(function* (
  { client, standsMsMax }: Stage,
  reference: ApplicationReference,
  must: Stands,
) {
  const from = yield* Clock.currentTimeMillis
  while (true) {
    const is = yield* Effect.tryPromise({
      try: async () => standing(await client.loan(reference), await client.history(reference)),
      catch: (error) => new LifeWentWrong({ message: String(error) }),
    })
    const wrong = Object.entries(must).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(is, name)),
    )
    if (wrong.length === 0) return
    if ((yield* Clock.currentTimeMillis) - from > standsMsMax) {
      const told = wrong.map(
        ([name, value]) =>
          `${name} is ${JSON.stringify(Reflect.get(is, name))}, not ${JSON.stringify(value)}`,
      )
      return yield* new LifeWentWrong({ message: told.join("; ") })
    }
    yield* Effect.sleep(askEveryMs)
  }
})

const amountOf = (offer: LoanJson["offer"]): number | null =>
  offer?.approvedAmount === undefined ? null : Number(offer.approvedAmount)

function standing(loan: LoanJson, history: ReadonlyArray<EntryJson>): Required<Stands> {
  return {
    stage: loan.stage,
    next: `${loan.next.actor} ${loan.next.action}`,
    offer: amountOf(loan.offer),
    offers: loan.offers.map(({ offer }) => amountOf(offer) ?? 0),
    signedOffer: amountOf(loan.signing.offer),
    signedWith: loan.signing.method,
    outstanding: loan.additionOutstanding,
    documents: loan.requiredDocuments,
    registered: loan.registered,
    closed: loan.closed,
    stalled: loan.stalled,
    went: history.flatMap(({ steps }) => steps.map(({ to }) => to)),
    told: history.flatMap(({ reversal, closure }) => [reversal, closure]).filter((told) => told !== null),
  }
}
