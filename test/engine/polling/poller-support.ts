import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { ExchangeFailed, ExchangeResponse } from "@loan-engine/adapters-http/http/exchange"
import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { getApplicationStatusResponse } from "@loan-engine/adapters-xml/get-application-status"
import { Banks } from "@loan-engine/app/ports/banks"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { KnownAccounts } from "@loan-engine/app/ports/known-accounts"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import type { CadenceSettings } from "@loan-engine/app/schedule/poll-cadence"
import { cadenceDefaults, neverPolled } from "@loan-engine/app/schedule/poll-cadence"
import { Poller } from "@loan-engine/app/polling/poller"
import { pollerDefaults } from "@loan-engine/app/polling/settings"
import type { PollerSettings } from "@loan-engine/app/polling/settings"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { observe, openLoan } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Clock, Context, Effect, Layer, Logger, Metric, Redacted, Result, Scope } from "effect"
import { TestClock } from "effect/testing"

export const [se, no, fi] = [AccountName.make("se"), AccountName.make("no"), AccountName.make("fi")]
const banksDefault: ReadonlyArray<AccountName> = [se, no]
type Store = LoanStore["Service"]

/** One request that the bank received. */
export interface Asked {
  readonly account: AccountName
  readonly reference: ApplicationReference
  readonly question: "status" | "quote"
  /** The time since the poller's start. */
  readonly afterMs: number
}

export interface PollerUnderTest {
  readonly banks?: ReadonlyArray<AccountName>
  readonly settings?: Partial<PollerSettings>
  readonly cadence?: Partial<CadenceSettings>
  /** The bank's answer to a request. By default the loan is approved and there is no news. */
  readonly answer?: (asked: Asked, store: Store) => Effect.Effect<ExchangeResponse, ExchangeFailed>
  /** Replaces the store, for an order that is wrong on purpose. */
  readonly store?: (store: Store) => Store
  /** Plans polls before the poller starts. */
  readonly plan: (store: Store) => Effect.Effect<unknown, unknown>
}

const epoch = 1_700_000_000_000
const stepMs = 50

export interface Polled {
  readonly asked: ReadonlyArray<Asked>
  readonly store: Store
  readonly engine: LoanEngine["Service"]
  /** Polls on demand. */
  readonly poll: Poller["Service"]["poll"]
  readonly logs: ReadonlyArray<string>
  /** The time since the poller's start. */
  readonly passedMs: () => number
  /** Moves the clock. `asked` and `logs` grow meanwhile. */
  readonly pass: (ms: number) => Effect.Effect<void>
}

/** The real poller on a real SQLite file, with the real bank client. Only the test moves the clock. */
export const polling = <A>(
  under: PollerUnderTest,
  use: (polled: Polled) => Effect.Effect<A, unknown>,
): Promise<A> => {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-poller-"))
  const logs: Array<string> = []
  const keepLogs = Logger.layer([Logger.map(Logger.formatLogFmt, (line) => void logs.push(line))])
  const body = Effect.gen(function* () {
    yield* TestClock.setTime(epoch)
    const asked: Array<Asked> = []
    const { store, engine, poll } = yield* start(under, join(directory, "polls.sqlite"), asked)
    let passedMs = 0
    const pass = Effect.fnUntraced(function* (ms: number) {
      for (let passed = 0; passed < ms; passed += stepMs) yield* TestClock.adjust(stepMs)
      passedMs += ms
    })
    return yield* use({ asked, store, engine, poll, logs, passedMs: () => passedMs, pass })
  })
  // When the poller stops, it waits for its running requests. So the clock must move for them.
  const run = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const exit = yield* Effect.exit(Scope.provide(body, scope))
    const closing = yield* Effect.forkChild(Scope.close(scope, exit))
    while (closing.pollUnsafe() === undefined) yield* TestClock.adjust(stepMs)
    return yield* exit
  })
  return Effect.runPromise(
    run.pipe(
      Effect.provide([TestClock.layer(), keepLogs]),
      Effect.provideService(Metric.MetricRegistry, new Map()),
    ),
  ).finally(() => rmSync(directory, { recursive: true }))
}

const start = Effect.fnUntraced(function* (under: PollerUnderTest, path: string, asked: Array<Asked>) {
  const wrapped = Layer.effect(
    LoanStore,
    Effect.map(LoanStore, (real) => LoanStore.of(under.store?.(real) ?? real)),
  ).pipe(Layer.provide(layerSqlite({ path, ...sqliteDefaults })))
  const cadence = { ...cadenceDefaults, ...under.cadence }
  const { banks: banked = banksDefault } = under
  const accounts = [...banksDefault, ...banked].map(
    (name) => [name, { currency: null, hasBank: banked.includes(name) }] as const,
  )
  const engine = LoanEngine.layer(cadence).pipe(
    Layer.provideMerge(wrapped),
    Layer.provide(Layer.succeed(KnownAccounts, new Map(accounts))),
  )
  const context = yield* Layer.build(engine)
  const store = Context.get(context, LoanStore)
  yield* under.plan(store)
  const banks = Layer.effect(Banks, clientsOf(under, store, asked))
  const poller = Poller.layer({ ...pollerDefaults, ...under.settings, cadence })
  const built = yield* Layer.build(
    poller.pipe(Layer.provide(banks), Layer.provide(Layer.succeedContext(context))),
  )
  return { store, engine: Context.get(context, LoanEngine), poll: Context.get(built, Poller).poll }
})

const clientsOf = Effect.fnUntraced(function* (
  { banks = banksDefault, answer = quietAnswer }: PollerUnderTest,
  store: Store,
  asked: Array<Asked>,
): Effect.fn.Return<Banks["Service"], unknown, Scope.Scope> {
  const clients = yield* Effect.forEach(banks, (account) =>
    Effect.map(
      makeBankClient({
        url: "https://bank.example/ApplicationService",
        username: account,
        password: Redacted.make("password"),
        exchange: ({ body }) =>
          Effect.gen(function* () {
            const decoded = Result.getOrThrow(decodeBankRequest(body ?? new Uint8Array()))
            if (decoded.operation !== "getApplicationStatus" && decoded.operation !== "getApplicationQuote")
              return yield* Effect.die(decoded.operation)
            const one: Asked = {
              account,
              reference: decoded.request.applicationReference,
              question: decoded.operation === "getApplicationStatus" ? "status" : "quote",
              afterMs: (yield* Clock.currentTimeMillis) - epoch,
            }
            asked.push(one)
            return yield* answer(one, store)
          }),
      }),
      (client) => [account, client] as const,
    ),
  )
  return new Map(clients)
})

/** The bank's answer for an approved loan without news. */
export const quietAnswer = ({ question, reference }: Asked): Effect.Effect<ExchangeResponse> =>
  Effect.succeed({
    status: 200,
    headers: { "content-type": "text/xml; charset=utf-8" },
    body:
      question === "status"
        ? getApplicationStatusResponse.encode({ waitingForAddition: false, paidOut: false })
        : getApplicationQuoteResponse.encode({
            applicationReference: reference,
            decision: "APPROVED",
            offer: {},
          }),
  })

export const failingAnswer = (
  status: number,
  headers: ExchangeResponse["headers"] = {},
): Effect.Effect<ExchangeResponse> => Effect.succeed({ status, headers, body: new Uint8Array() })

/**
 * Writes an approved loan whose poll is due at `dueMs` after the start. A routine poll asks one question for it, and
 * a confirmation asks two.
 */
export const planPoll = (
  store: Store,
  account: AccountName,
  name: string,
  options: { readonly confirm: boolean; readonly dueMs: number },
) => {
  const applicationReference = ApplicationReference.make(name)
  const observation: Observation = {
    applicationReference,
    account,
    source: "quote",
    evidence: "bank",
    receivedAt: epoch,
    events: [{ type: "decision.approved", at: epoch, fresh: true }],
  }
  const raw = new TextEncoder().encode(name)
  const decision = observe(openLoan(applicationReference, account), observation)
  return store.update(applicationReference, () => ({
    entry: journalEntry(observation, decision, { raw, digest: digestOf(raw) }, epoch, ""),
    loan: decision.loan,
    schedule: { ...neverPolled, nextPollAt: epoch + options.dueMs, confirm: options.confirm },
    addsNothing: false,
  }))
}

/**
 * Plans this many polls of one kind. Each is named by its account and kind, and is due a millisecond after the one
 * before.
 */
export const planPolls = (store: Store, account: AccountName, confirm: boolean, polls: number, dueMs = 0) =>
  Effect.forEach(
    Array.from({ length: polls }, (_, index) => index),
    (index) =>
      planPoll(store, account, `${account} ${confirm ? "confirm" : "routine"} ${index}`, {
        confirm,
        dueMs: dueMs - polls + index,
      }),
    { discard: true },
  )
