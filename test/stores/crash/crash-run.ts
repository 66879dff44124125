import type { StoredEntry } from "@loan-engine/app/journal/entry"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import type { StoreUnusable } from "@loan-engine/app/ports/loan-store"
import { truth } from "@loan-engine/app/sandbox/sandbox-bank"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Fiber, Schedule } from "effect"
import type { Layer } from "effect"
import { inPatience } from "../../in-patience.ts"
import { stateMsMax } from "../../patience.ts"
import { apiKey, freePort, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { journalFaults } from "../../proof/simulation/checkers/p6-replay.ts"
import { checkLegal } from "../../proof/simulation/checkers/p1-legal.ts"
import type { InspectedLoan } from "../../proof/simulation/checkers/inspected.ts"
import { seeded } from "../../proof/simulation/seeded.ts"
import type { Told, WitnessedBank } from "./bank.ts"
import { makeWitnessedBank } from "./bank.ts"

export interface CrashOptions {
  readonly seed: string
  /** How many times the engine is killed under load. */
  readonly kills: number
  /** How many applications are open at the same time. */
  readonly loansAtOnce: number
  readonly databasePath: string
}

/** The result of a run. Everything in `faults` is wrong. */
export interface CrashReport {
  readonly kills: number
  readonly loans: number
  readonly acknowledged: number
  readonly entries: number
  readonly exitCode: number | null
  readonly faults: ReadonlyArray<string>
}

/** The largest number of callbacks that the engine acknowledges between two kills. */
const acknowledgedBetweenKillsMax = 60

/**
 * Runs a sandbox bank and an engine process. The engine is killed many times in the middle of its work, at moments
 * that the seed decides. After that it runs undisturbed until it agrees with the bank. Then it is stopped normally
 * and its file is read.
 */
export const crashRun = (options: CrashOptions): Promise<CrashReport> =>
  Effect.runPromise(Effect.scoped(runWithBank(options)))

const runWithBank = Effect.fnUntraced(function* ({ seed, kills, loansAtOnce, databasePath }: CrashOptions) {
  const port = yield* Effect.promise(freePort)
  const witnessed = yield* makeWitnessedBank(seed, `http://127.0.0.1:${port}`)
  const { between } = seeded(seed)
  const start = Effect.promise(() => startEngine(databasePath, witnessed.environment, port))
  let engine = yield* start
  const merchant = makeMerchant(witnessed, () => witnessed.engineUrl, loansAtOnce)
  const load = yield* Effect.forkScoped(Effect.forever(merchant.apply))
  for (let kill = 0; kill < kills; kill++) {
    yield* acknowledgements(witnessed, Math.floor(between(1, acknowledgedBetweenKillsMax)))
    yield* Effect.promise(() => engine.kill())
    engine = yield* start
  }
  yield* Fiber.interrupt(load)
  const isQuiet = (): boolean => merchant.unregistered() === 0 && witnessed.bank.isQuiet()
  yield* Effect.repeat(Effect.sleep(20), { until: isQuiet }).pipe(inPatience("a quiet bank"))
  const differing = yield* settled(witnessed, engine)
  const exitCode = yield* Effect.promise(() => engine.stop())
  const loans = yield* readAll(layerSqlite({ path: databasePath, ...sqliteDefaults }))
  const told = [...witnessed.told.values()]
  const entries = loans.flatMap((loan) => loan.entries)
  return {
    kills,
    loans: loans.length,
    acknowledged: told.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    entries: entries.length,
    exitCode,
    faults: [
      ...differing,
      ...checkLegal(loans).violations,
      ...loans.flatMap(journalFaults),
      ...missing(told, entries),
    ],
  }
})

/** Waits until this many more callbacks have been acknowledged. */
export const acknowledgements = ({ listeners }: WitnessedBank, wanted: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    let left = wanted
    const listener = (): void => {
      left--
      if (left > 0) return
      listeners.delete(listener)
      resume(Effect.void)
    }
    listeners.add(listener)
    return Effect.sync(() => void listeners.delete(listener))
  }).pipe(inPatience(`${wanted} acknowledged callbacks`))

/**
 * Sends applications while fewer than `loansAtOnce` are open. Repeats each registration until the engine accepts it.
 */
export function makeMerchant({ bank, client }: WitnessedBank, engineUrl: () => string, loansAtOnce: number) {
  let unregistered = 0
  const register = (answer: Uint8Array) =>
    Effect.tryPromise(async () => {
      const { status } = await fetch(`${engineUrl()}/v1/loans`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "text/xml" },
        body: Buffer.from(answer),
      })
      if (status >= 300) throw new Error(`registration answered ${status}`)
    }).pipe(
      Effect.retry(Schedule.spaced(registerAgainMs)),
      Effect.orDie,
      Effect.tap(() => Effect.sync(() => void unregistered--)),
    )
  const apply = Effect.gen(function* () {
    const open = [...bank.loans.values()].filter(({ over }) => !over).length
    if (open >= loansAtOnce) return yield* Effect.sleep(5)
    unregistered++
    const application = { xml: "<resurs-response/>", consumerIp: "127.0.0.1", externalReference: "crash" }
    const { raw } = yield* Effect.orDie(client.submitApplicationExt(application))
    return yield* Effect.asVoid(Effect.forkDetach(register(raw)))
  }).pipe(Effect.uninterruptible)
  return { apply, unregistered: () => unregistered }
}

const registerAgainMs = 50

/**
 * Asks the engine until every loan has the bank's stage, or until no further loan has reached it for some time. The
 * result is the loans that still differ.
 */
export const settled = Effect.fnUntraced(function* ({ bank }: WitnessedBank, engine: EngineProcess) {
  let giveUpAt = (yield* Clock.currentTimeMillis) + stateMsMax
  let open = truth(bank)
  while (true) {
    const answered = yield* Effect.promise(() =>
      Promise.all(
        open.map(async (loan) =>
          (await stageAt(engine, loan.applicationReference)) === loan.stage ? [] : [loan],
        ),
      ),
    )
    const left = answered.flat()
    const now = yield* Clock.currentTimeMillis
    if (left.length < open.length) giveUpAt = now + stateMsMax
    open = left
    if (open.length === 0 || now > giveUpAt) break
    yield* Effect.sleep(100)
  }
  return open.map(
    ({ applicationReference, stage }) => `${applicationReference} is ${stage} at the bank, but not here`,
  )
})

/** `undefined` also if the engine closes the connection and the answer is lost. The caller asks again. */
const stageAt = async (engine: EngineProcess, reference: string): Promise<unknown> => {
  const answer = await engine.api("GET", `/v1/loans/${encodeURIComponent(reference)}`).catch(() => undefined)
  const loan: unknown = await answer?.json()
  return typeof loan === "object" && loan !== null && "stage" in loan ? loan.stage : undefined
}

/** Every loan of the store, with its journal. */
export const readAll = (
  store: Layer.Layer<LoanStore, StoreUnusable>,
): Effect.Effect<ReadonlyArray<InspectedLoan>> =>
  Effect.gen(function* () {
    const store = yield* LoanStore
    const found: Array<InspectedLoan> = []
    for (let after = ""; ;) {
      const page = yield* store.loans({ account: AccountName.make("default"), after, limit: 500 })
      for (const stored of page) {
        found.push({ stored, entries: yield* store.history(stored.loan.applicationReference) })
      }
      const last = page.at(-1)
      if (last === undefined) return found
      after = last.loan.applicationReference
    }
  }).pipe(Effect.provide(store), Effect.orDie)

/**
 * The callbacks whose count in the journal is wrong. The count must be at least the number of acknowledgements and at
 * most the number of requests. Each callback must be in one row. A second row is allowed if the callback was first
 * held because the bank's keys could not be fetched.
 */
export function missing(
  told: ReadonlyArray<Told>,
  entries: ReadonlyArray<StoredEntry>,
): ReadonlyArray<string> {
  const byDigest = Map.groupBy(
    entries.filter(({ source }) => source === "callback"),
    ({ digest }) => digest,
  )
  return told.flatMap(({ digest, begun, acknowledged }) => {
    const rows = byDigest.get(digest) ?? []
    const kept = rows.reduce((sum, { repeats }) => sum + 1 + repeats, 0)
    return [
      ...(kept < acknowledged
        ? [`callback ${digest} was acknowledged ${acknowledged} times, kept ${kept} times`]
        : []),
      ...(kept > begun ? [`callback ${digest} was sent ${begun} times, kept ${kept} times`] : []),
      ...(rows.length > new Set(rows.map(({ evidence }) => evidence)).size
        ? [`callback ${digest} stands in ${rows.length} rows`]
        : []),
    ]
  })
}
