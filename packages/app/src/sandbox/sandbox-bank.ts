import type { DecisionResult } from "@loan-engine/adapters-xml/decision-result"
import { SoapFault } from "@loan-engine/adapters-xml/soap-fault"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Effect, Random } from "effect"
import type { BankLoan } from "./bank-loan.ts"
import { applyChange, callbackEvent, trueStage } from "./bank-loan.ts"
import type { CallbackTransport, Registration, SigningKeys } from "./callback-sender.ts"
import { makeCallbackSender, makeSigningKeys, noCallbacks } from "./callback-sender.ts"
import type { Chaos, Fate } from "./chaos.ts"
import type { Speak } from "./dialects/speaking.ts"
import type { BankTruth } from "./judge.ts"
import type { BankChange, InitialDecision, Life } from "./life.ts"
import { drawLife } from "./life.ts"
import { thinkingAgain } from "./second-thoughts.ts"
import { testPersons } from "./test-persons.ts"

export interface SandboxSettings {
  /** The same seed gives the same lives and the same faults. */
  readonly seed: string
  readonly chaos: Chaos
  /** Bank seconds per real second. */
  readonly speed: number
  /** The password of each webservice account, by its username. */
  readonly accounts: ReadonlyMap<string, string>
  /** The accounts whose callbacks come without a signature. */
  readonly unsignedAccounts?: ReadonlySet<string>
  /** The signing keys. The default is new keys. */
  readonly keys?: SigningKeys
  /** The transport of the callbacks. The default is HTTP. */
  readonly transport?: CallbackTransport
  /** The dialect of the bank's messages. The default is the plain form. */
  readonly speak?: Speak
  /**
   * How far behind the bank's present state an answer is, in milliseconds. Called for each answer. The default is 0.
   */
  readonly lagMs?: () => number
  /** The share of lives, from 0 to 1, in which the bank changes its mind. The default is 0. */
  readonly secondThoughts?: number
  /** How far the bank's clock is ahead, in milliseconds. Signatures use this clock. The default is 0. */
  readonly clockAheadMs?: () => number
}

/** What each test trigger of `ext-test-utils` does. No trigger pays a loan out. */
export const triggers: ReadonlyMap<string, BankChange> = new Map<string, BankChange>([
  ["approve", { type: "decided", decision: "APPROVED" }],
  ["reject", { type: "decided", decision: "REJECTED" }],
  ["addition", { type: "additionRequested", documents: ["ID"] }],
  ["sign", { type: "signed", method: "E_SIGN" }],
])

/** How many earlier states of each application are kept for answers of a lagging replica. */
const pastsKept = 20

const plainFate: Fate = { dropped: false }

/** The sandbox bank: its applications with their lives, and its callbacks and answers about them. */
export const makeSandboxBank = Effect.fnUntraced(function* (settings: SandboxSettings) {
  const scope = yield* Effect.scope
  const loans = new Map<string, BankLoan>()
  const registrations = new Map<string, Registration>()
  const counts = noCallbacks()
  const asked = { status: 0, quote: 0 }
  const pasts = new Map<string, ReadonlyArray<{ readonly until: number; readonly was: BankLoan }>>()
  const seen = new Map<string, BankLoan>()
  const keys = settings.keys ?? (yield* makeSigningKeys)
  const sender = yield* makeCallbackSender({
    speed: settings.speed,
    keys,
    counts,
    issuedAt: Effect.map(Clock.currentTimeMillis, (now) =>
      Math.floor((now + (settings.clockAheadMs?.() ?? 0)) / 1_000),
    ),
    transport: settings.transport,
    speak: settings.speak,
  })

  /** Changes an application, and sends the change's callback. */
  const happen = Effect.fnUntraced(function* (loan: BankLoan, change: BankChange, fate: Fate) {
    const past = pasts.get(loan.reference) ?? []
    pasts.set(
      loan.reference,
      [...past, { until: yield* Clock.currentTimeMillis, was: { ...loan } }].slice(-pastsKept),
    )
    applyChange(loan, change)
    const event = callbackEvent(loan, change)
    const registration = registrations.get(loan.account)
    if (event !== undefined && registration !== undefined) yield* sender.send(registration, event, fate)
  })

  const live = (loan: BankLoan, life: Life): Effect.Effect<void> =>
    Effect.gen(function* () {
      for (const { afterMs, change, fate } of life.changes) {
        yield* Effect.sleep(afterMs / settings.speed)
        if (loan.over) return
        yield* happen(loan, change, fate)
      }
      loan.over = true
    })

  const open = Effect.fnUntraced(function* (account: string, xml: string) {
    const person = testPersons.find(([id]) => xml.includes(id))?.[1]
    if (person === "TECHNICAL_ERROR") {
      return yield* new SoapFault({ code: "Server", text: "A technical error occurred" })
    }
    const seed = `${settings.seed}/${loans.size}`
    const loan = yield* born(account, seed, person)
    loans.set(loan.loan.reference, loan.loan)
    yield* Effect.forkIn(live(loan.loan, loan.life), scope)
    return decisionResult(loan.loan)
  })

  const born = Effect.fnUntraced(function* (account: string, seed: string, person?: InitialDecision) {
    const { chaos, secondThoughts = 0 } = settings
    const drawn = yield* drawLife(seed, chaos, person)
    // The bank never changes a decision about a test person.
    const life = person === undefined ? yield* thinkingAgain(drawn, seed, chaos, secondThoughts) : drawn
    const reference = yield* Random.withSeed(drawReference, `${seed}/reference`)
    const loan: BankLoan = {
      reference,
      account,
      offer: life.offer,
      requestedSigningMethod: life.requestedSigningMethod,
      decision: life.initial,
      waitingForAddition: false,
      documents: [],
      signedWithMethod: undefined,
      paidOut: false,
      over: life.changes.length === 0,
    }
    return { loan, life }
  })

  /** The application as the answering replica has it. A lagging replica has an earlier state. */
  const find = Effect.fnUntraced(function* (
    reference: string,
    account: string,
  ): Effect.fn.Return<BankLoan, SoapFault> {
    const loan = loans.get(reference)
    if (loan === undefined || loan.account !== account)
      return yield* new SoapFault({ code: "Client", text: "Application was not found" })
    const at = (yield* Clock.currentTimeMillis) - (settings.lagMs?.() ?? 0)
    const known = pasts.get(reference)?.find(({ until }) => until > at)?.was ?? loan
    seen.set(reference, known)
    return known
  })

  /** Applies a change at once. The rest of the application's drawn life is cancelled. */
  const trigger = Effect.fnUntraced(function* (change: BankChange, reference: string) {
    const loan = loans.get(reference)
    if (loan === undefined) return false
    loan.over = true
    yield* happen(loan, change, plainFate)
    return true
  })

  const register = (account: string, registration: Registration): void => {
    const unsigned = settings.unsignedAccounts?.has(account) ?? false
    registrations.set(account, { ...registration, unsigned })
  }

  const place = (loan: BankLoan): void => void loans.set(loan.reference, loan)

  return {
    keys,
    counts,
    asked,
    loans,
    /** For each application, the state of the bank's last answer about it. */
    seen,
    registrations,
    open,
    find,
    trigger,
    register,
    place,
    sendVerbatim: sender.sendVerbatim,
    /** Whether all lives are over and no callback is still to be sent. */
    isQuiet: () => sender.underway() === 0 && [...loans.values()].every(({ over }) => over),
  }
})
export type SandboxBank = Effect.Success<ReturnType<typeof makeSandboxBank>>

const hex = "0123456789abcdef"
const drawReference: Effect.Effect<ApplicationReference> = Effect.map(
  Effect.all(Array.from({ length: 32 }, () => Random.nextIntBetween(0, 15))),
  (digits) => {
    const text = digits.map((digit) => hex[digit] ?? "0").join("")
    return ApplicationReference.make(text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, "$1-$2-$3-$4-$5"))
  },
)

export const decisionResult = (loan: BankLoan): DecisionResult => ({
  applicationReference: loan.reference,
  decision: loan.decision,
  offer: loan.decision === "APPROVED" ? loan.offer : {},
})

/** The bank's true state of every application, to compare with the engine's state. */
export const truth = (bank: SandboxBank): ReadonlyArray<BankTruth> =>
  [...bank.loans.values()].map((loan) => ({
    applicationReference: loan.reference,
    account: loan.account,
    stage: trueStage(loan),
    additionOutstanding: loan.waitingForAddition,
    offer: loan.decision === "APPROVED" ? loan.offer : null,
  }))
