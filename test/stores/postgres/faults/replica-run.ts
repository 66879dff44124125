import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { Effect, Fiber, Redacted } from "effect"
import type { Scope } from "effect"
import { makeWitnessedBank } from "../../crash/bank.ts"
import type { WitnessedBank } from "../../crash/bank.ts"
import { acknowledgements, makeMerchant, missing, readAll, settled } from "../../crash/crash-run.ts"
import { inPatience } from "../../../in-patience.ts"
import { checkLegal } from "../../../proof/simulation/checkers/p1-legal.ts"
import { journalFaults } from "../../../proof/simulation/checkers/p6-replay.ts"
import { freePort, startEngine } from "../../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../../whole/slice/engine-process.ts"

/** After this time, a poll that a dead engine had claimed is due again. */
export const leaseMs = 1_000

/** Three engine processes on one database, and one bank. The bank sends each callback to the next engine in turn. */
export interface World {
  readonly url: string
  readonly bank: WitnessedBank
  readonly engines: Array<EngineProcess>
  /** Restarts the engine with this number, on its earlier port. */
  readonly restart: (number: number) => Effect.Effect<void>
  /** Waits until the engines together have acknowledged this many more callbacks. */
  readonly acknowledged: (callbacks: number) => Effect.Effect<void>
}

export interface ReplicaReport {
  readonly loans: number
  readonly acknowledged: number
  readonly exitCodes: ReadonlyArray<number | null>
  /** Everything that is wrong. */
  readonly faults: ReadonlyArray<string>
}

const replicas = 3
const loansAtOnce = 25

/**
 * Puts load on all engines, causes a disaster during it, and then waits until everything agrees. The state at the end
 * is read at `urlAfter`.
 */
export const replicaRun = (
  url: string,
  seed: string,
  disaster: (world: World) => Effect.Effect<void, unknown, Scope.Scope>,
  urlAfter: string = url,
): Promise<ReplicaReport> => Effect.runPromise(Effect.scoped(run(url, seed, disaster, urlAfter)))

const run = Effect.fnUntraced(function* (
  url: string,
  seed: string,
  disaster: (world: World) => Effect.Effect<void, unknown, Scope.Scope>,
  urlAfter: string,
) {
  const world = yield* makeWorld(url, seed)
  const { bank, engines } = world
  const merchant = makeMerchant(bank, inTurn(engines), loansAtOnce)
  const load = yield* Effect.forkScoped(Effect.forever(merchant.apply))
  yield* world.acknowledged(30)
  yield* disaster(world)
  yield* world.acknowledged(60)
  yield* Fiber.interrupt(load)
  const isQuiet = (): boolean => merchant.unregistered() === 0 && bank.bank.isQuiet()
  yield* Effect.repeat(Effect.sleep(20), { until: isQuiet }).pipe(inPatience("a quiet bank"))
  const differing = yield* Effect.forEach(engines, (engine) => settled(bank, engine))
  const exitCodes = yield* Effect.promise(() => Promise.all(engines.map((engine) => engine.stop())))
  const loans = yield* readAll(layerPostgres({ ...postgresDefaults, url: Redacted.make(urlAfter) }))
  const told = [...bank.told.values()]
  return {
    loans: loans.length,
    acknowledged: told.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
    exitCodes,
    faults: [
      ...differing.flat(),
      ...checkLegal(loans).violations,
      ...loans.flatMap(journalFaults),
      ...missing(
        told,
        loans.flatMap(({ entries }) => entries),
      ),
    ],
  }
})

const makeWorld = Effect.fnUntraced(function* (url: string, seed: string) {
  const ports = yield* Effect.promise(() => Promise.all(Array.from({ length: replicas }, freePort)))
  const engines: Array<EngineProcess> = []
  const engineUrl = inTurn(engines)
  const anyEngine = "http://127.0.0.1:1"
  const bank = yield* makeWitnessedBank(seed, anyEngine, (callback) =>
    callback.replace(anyEngine, engineUrl()),
  )
  const start = async (number: number) => {
    engines[number] = await startEngine(
      url,
      { ...bank.environment, LOAN_ENGINE_POLL_LEASE_MS: String(leaseMs), LOAN_ENGINE_STOP_DRAIN_MS: "1" },
      ports[number],
    )
  }
  yield* Effect.promise(() => Promise.all(ports.map((_, number) => start(number))))
  return {
    url,
    bank,
    engines,
    restart: (number) => Effect.promise(() => start(number)),
    acknowledged: (callbacks) => acknowledgements(bank, callbacks),
  } satisfies World
})

/** The URL of the next engine in turn. If this engine is dead, the caller tries again. */
function inTurn(engines: ReadonlyArray<EngineProcess>): () => string {
  let turn = 0
  return () => engines[turn++ % engines.length]?.url ?? ""
}
