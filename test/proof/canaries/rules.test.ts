import type { Change, LoanStore, StoredLoan } from "@loan-engine/app/ports/loan-store"
import { callbackHealth, callbackHealthDefaults } from "@loan-engine/app/callback-health/health"
import { cadenceDefaults, neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import type { CadenceSettings } from "@loan-engine/app/schedule/poll-cadence"
import { carried } from "@loan-engine/app/schedule/watermark"
import type { Watermark } from "@loan-engine/app/schedule/watermark"
import { loanJson } from "@loan-engine/app/views/loan-json"
import { loanView } from "@loan-engine/domain/loan-view"
import type { Loan } from "@loan-engine/domain/loan"
import { reversalBy } from "@loan-engine/domain/reversal"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import { Effect, Struct } from "effect"
import { describe, expect, it } from "vitest"
import {
  applicationReference,
  approved,
  atOnceMs,
  doubting,
  rejected,
  secondMs,
  signed,
} from "../../engine/polling/doubting.ts"
import type { Said } from "../../engine/polling/doubting.ts"
import { liveInSilence, restless, silentLives } from "../../engine/polling/simulator/silent-lives.ts"
import { account } from "../properties/arbitraries.ts"
import { known } from "./rule-loans.ts"
import { dayMs } from "../simulation/world.ts"

type Store = LoanStore["Service"]

/** A store that changes each decided change before it writes it. */
const rewriting =
  (rewrite: (change: Change, before: StoredLoan | undefined) => Change) =>
  (store: Store): Store => ({
    ...store,
    update: (reference, decide) =>
      store.update(reference, (stored, storeNow) => {
        const change = decide(stored, storeNow)
        return change === undefined ? undefined : rewrite(change, stored)
      }),
  })

const real = (store: Store): Store => store
const offering = (tenor: number): Said => ({ type: "decision.approved", offer: { tenor } })
const closing: Said = { type: "loan.closed", closedFor: "withdrawn", by: "Ada", approved: true }
const hourMs = 3_600_000

/** One rule, a check whether an engine follows it, and an engine that does not. */
interface Rule<Engine> {
  readonly name: string
  readonly what: string
  readonly isKept: (engine: Engine) => boolean | Promise<boolean>
  readonly right: Engine
  readonly broken: Engine
}

const rule = <Engine>(of: Rule<Engine>) => ({
  name: of.name,
  what: of.what,
  isKeptByOurs: () => of.isKept(of.right),
  isKeptByBroken: () => of.isKept(of.broken),
})

const cases = [
  rule({
    name: "a former offer is believed",
    what: "A former offer is reported again, and the engine does not poll for the current offer",
    isKept: (store: (store: Store) => Store) =>
      doubting(
        {},
        ({ hear, pass, asked }) =>
          Effect.gen(function* () {
            for (const tenor of [12, 24, 12]) yield* hear("callback", offering(tenor))
            yield* pass(atOnceMs)
            return asked.length > 0
          }),
        { store },
      ),
    right: real,
    broken: rewriting((change, before) =>
      change.entry.source === "callback" && change.schedule.confirm && before !== undefined
        ? { ...change, schedule: before.schedule }
        : change,
    ),
  }),
  rule({
    name: "a replica that lags has the last word",
    what: "An answer that denies a callback counts, although the replica may not know the callback's news yet",
    isKept: (store: (store: Store) => Store) =>
      doubting(
        { decision: "REJECTED" },
        ({ hear, pass, shown, bank }) =>
          Effect.gen(function* () {
            yield* hear("callback", rejected)
            yield* pass(7 * 60 * secondMs)
            yield* hear("callback", approved)
            yield* pass(30 * secondMs)
            bank.decision = "APPROVED"
            yield* pass(60 * secondMs)
            return (yield* shown) === "approved: customer sign-agreement"
          }),
        { store },
      ),
    right: real,
    broken: rewriting(({ watermark = {}, ...change }) => ({
      ...change,
      watermark: Struct.omit(watermark, ["told"]),
    })),
  }),
  rule({
    name: "a level is news",
    what: "An answer that equals the last one writes a version and a row",
    isKept: (store: (store: Store) => Store) =>
      doubting(
        { decision: "MANUAL_INSPECTION" },
        ({ hear, pass, asked, engine }) =>
          Effect.gen(function* () {
            yield* hear("callback", { type: "decision.pending" })
            // The first answer to each question is news.
            while (new Set(asked.map(({ question }) => question)).size < 2) yield* pass(hourMs)
            yield* pass(hourMs)
            const version = (yield* engine.loan(applicationReference))?.loan.version
            const before = asked.length
            while (asked.length < before + 2) yield* pass(hourMs)
            return (yield* engine.loan(applicationReference))?.loan.version === version
          }),
        { store },
      ),
    right: real,
    broken: rewriting(({ isQuiet, ...change }) =>
      isQuiet === true
        ? { ...change, addsNothing: false, loan: { ...change.loan, version: change.entry.version } }
        : change,
    ),
  }),
  rule({
    name: "a repetition opens a closed loan",
    what: "A repeated report of the bank opens a closed loan",
    isKept: (store: (store: Store) => Store) => staysClosed(approved, store),
    right: real,
    broken: rewriting((change) => {
      const { closure: _closure, ...facts } = change.loan.facts
      if (change.entry.source !== "callback") return change
      return { ...change, addsNothing: false, loan: { ...change.loan, facts } }
    }),
  }),
  rule({
    name: "progress leaves a closed loan closed",
    what: "A closed loan is signed at the bank, and the engine does not open it again",
    isKept: async (store: (store: Store) => Store) => !(await staysClosed(signed, store)),
    right: real,
    broken: rewriting((change, before) => {
      const closure = before?.loan.facts.closure
      if (closure === undefined) return change
      return { ...change, loan: { ...change.loan, facts: { ...change.loan.facts, closure } } }
    }),
  }),
  rule({
    name: "a closed loan is polled as before",
    what: "Closing a loan does not change its next poll",
    isKept: (store: (store: Store) => Store) =>
      doubting(
        {},
        ({ hear, nextPollAt }) =>
          Effect.gen(function* () {
            yield* hear("callback", approved)
            const before = (yield* nextPollAt) ?? 0
            yield* hear("operator", closing)
            return ((yield* nextPollAt) ?? Infinity) > before + 20 * dayMs
          }),
        { store },
      ),
    right: real,
    broken: rewriting((change, before) =>
      change.entry.source === "operator" && before !== undefined
        ? { ...change, schedule: before.schedule }
        : change,
    ),
  }),
  rule({
    name: "a dead loan is polled without end",
    what: "No stage has a horizon",
    isKept: (settings: CadenceSettings) =>
      silentLives.every((life) => (liveInSilence(life, 2 * 365, settings).lastDay ?? Infinity) < 365),
    right: cadenceDefaults,
    broken: restless,
  }),
  rule({
    name: "a dormant loan sleeps on",
    what: "A callback without news does not wake a dormant loan",
    isKept: (store: (store: Store) => Store) =>
      doubting(
        {},
        ({ hear, pass, nextPollAt, engine, store: inUse }) =>
          Effect.gen(function* () {
            yield* hear("callback", approved)
            const stored = yield* engine.loan(applicationReference)
            if (stored === undefined) return false
            yield* inUse.reschedule(stored, { ...stored.schedule, nextPollAt: null })
            yield* pass(50)
            yield* hear("callback", approved)
            return (yield* nextPollAt) !== null
          }),
        { store },
      ),
    right: real,
    broken: rewriting((change, before) =>
      change.addsNothing && before !== undefined ? { ...change, schedule: before.schedule } : change,
    ),
  }),
  rule({
    name: "what may still come is missed",
    what: "News from a poll counts as missed before the bank's last try of its callback",
    isKept: (callbackLateMsMax: number) => {
      const today = 20_000
      const day = { account, day: today - 1, byCallback: 0, byPoll: 30, late: 0, forged: 0, unauthorized: 0 }
      const settings = { ...callbackHealthDefaults, callbackLateMsMax }
      return (
        callbackHealth(account, [{ ...day, lastCallbackAt: null }], settings, today * dayMs + hourMs)
          .missed === 0
      )
    },
    right: callbackHealthDefaults.callbackLateMsMax,
    broken: 0,
  }),
  rule({
    name: "documents of a loan that has ended",
    what: "Documents are outstanding for a loan that is rejected, paid out or closed",
    isKept: (isOutstanding: (loan: Loan) => boolean) =>
      (["rejected", "paidOut", "closed"] as const).every((end) => !isOutstanding(known[end])) &&
      isOutstanding(known.signed),
    right: (loan: Loan) => loanView(loan).additionOutstanding,
    broken: ({ facts }: Loan) => isAdditionOutstanding(facts),
  }),
  rule({
    name: "a reversal without a name",
    what: "A dispute from an earlier entry is settled, and the entry does not name the reversal",
    isKept: (name: typeof reversalBy) =>
      name([{ from: "disputed", to: "rejected" }], [{ from: "signed", to: "disputed" }]) === "revoked",
    right: reversalBy,
    broken: (steps: Parameters<typeof reversalBy>[0]) => reversalBy(steps, []),
  }),
  rule({
    name: "a person is called while the bank is asked",
    what: "An operator must act in a dispute before the bank has answered",
    isKept: (hasBank: boolean) => loanView(known.disputed, { hasBank }).next.actor === "bank",
    right: true,
    broken: false,
  }),
  rule({
    name: "how the customer wants to sign is forgotten",
    what: "The requested signing method of a status answer is lost with the next report",
    isKept: (carry: typeof carried) => {
      const watermark = carry({ requested: { method: "MANUAL", at: 5 } })
      const { timeline } = loanJson(
        { loan: known.signed, chainHead: "", schedule: neverPolled, watermark },
        new Map([[account, { currency: null, hasBank: true }]]),
      ).signing
      return timeline.some(({ what, method }) => what === "requested" && method === "MANUAL")
    },
    right: carried,
    broken: (watermark: Watermark) => Struct.omit(carried(watermark), ["requested"]),
  }),
]

/** Whether a closed loan is still closed after a callback. */
const staysClosed = (said: Said, store: (store: Store) => Store) =>
  doubting(
    {},
    ({ hear, engine }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hear("operator", closing)
        yield* hear("callback", said)
        const stored = yield* engine.loan(applicationReference)
        return stored !== undefined && loanView(stored.loan).closed
      }),
    { store },
  )

describe("an engine that breaks one rule of real lives is caught", () => {
  it.for(cases)("$name: $what", async ({ name, what, isKeptByOurs, isKeptByBroken }, { task }) => {
    expect(await isKeptByOurs()).toBe(true)
    const caught = !(await isKeptByBroken())
    task.meta.canary = { name: `rule: ${name}`, what, killedBy: caught ? ["P5"] : [] }
    expect(caught).toBe(true)
  })
})
