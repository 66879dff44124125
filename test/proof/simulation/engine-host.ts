import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { Deferred, Effect, Exit, Queue, Scope } from "effect"
import type { EngineProcess, EngineSettings } from "./engine-process.ts"
import { startEngine } from "./engine-process.ts"
import type { CrashPoint } from "./mishaps/faults.ts"
import { hourMs, secondMs } from "./world.ts"
import type { World } from "./world.ts"

type Store = EngineProcess["store"]

/** A running engine process, until it dies. */
export interface Running extends EngineProcess {
  readonly isAlive: () => boolean
  readonly died: Effect.Effect<void>
}

export interface EngineHost {
  /** The engine's process. `undefined` while it is down. */
  readonly running: () => Running | undefined
  /** Reports a step of the engine. If the process is to die at this step, it is dead when the call returns. */
  readonly step: (point: CrashPoint) => void
  readonly crashes: () => number
  /** Waits until a process runs. */
  readonly up: Effect.Effect<Running>
}

export interface HostSettings extends Pick<EngineSettings, "parts"> {
  /** The connections to the bank. They work only while the process is alive. */
  readonly exchanges: (isAlive: () => boolean) => Pick<EngineSettings, "bankExchange" | "jwksExchange">
}

/**
 * The machine on which the engine's process runs. A crash does not close anything: at that moment the database and
 * its write-ahead log are copied, and the next process opens the copy. Later acts of the dead process have no effect.
 */
export const makeEngineHost = Effect.fnUntraced(function* (world: World, settings: HostSettings) {
  const draws = world.draws("host")
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "loan-engine-simulation-"))),
    (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true })),
  )
  const fileOf = (generation: number): string => join(directory, `${generation}.sqlite`)
  const deaths = yield* Queue.unbounded<Scope.Closeable>()
  let generation = 0
  let current: { readonly process: Running; readonly kill: () => void } | undefined

  const start = Effect.gen(function* () {
    const path = fileOf(generation)
    const scope = yield* Scope.make()
    const died = Deferred.makeUnsafe<void>()
    let alive = true
    const kill = (): void => {
      for (const suffix of ["", "-wal"]) copyIfThere(path + suffix, fileOf(generation + 1) + suffix)
      alive = false
      current = undefined
      generation++
      Deferred.doneUnsafe(died, Effect.void)
      Queue.offerUnsafe(deaths, scope)
    }
    const ofTheLiving = (point: CrashPoint): void => {
      if (alive) step(point)
    }
    const started = startEngine({
      path,
      parts: settings.parts,
      ...settings.exchanges(() => alive),
      watchStore: (store) => watched(store, world, ofTheLiving),
    })
    const engine = yield* world.onEngineTime(Effect.provideService(started, Scope.Scope, scope))
    current = { process: { ...engine, isAlive: () => alive, died: Deferred.await(died) }, kill }
  })

  const step = (point: CrashPoint): void => {
    if (world.crashAt !== point || current === undefined) return
    world.crashAt = undefined
    world.count(`crash ${point}`)
    world.tell(() => `the engine dies: ${point}`)
    current.kill()
  }

  const reopen = Effect.gen(function* () {
    const scope = yield* Queue.take(deaths)
    yield* Scope.close(scope, Exit.void)
    for (const suffix of ["", "-wal", "-shm"]) rmSync(fileOf(generation - 1) + suffix, { force: true })
    const downMs = draws.chance(0.7) ? draws.between(1, 60) * secondMs : draws.between(0, 8) * hourMs
    yield* Effect.sleep(downMs)
    yield* start
    world.tell(() => "the engine is up again")
  })

  yield* start
  yield* Effect.forkScoped(Effect.forever(reopen))
  const host: EngineHost = {
    running: () => current?.process,
    step,
    crashes: () => generation,
    up: Effect.suspend(function wait(): Effect.Effect<Running> {
      return current === undefined
        ? Effect.andThen(Effect.sleep(secondMs), Effect.suspend(wait))
        : Effect.succeed(current.process)
    }),
  }
  return host
})

const copyIfThere = (from: string, to: string): void => {
  if (existsSync(from)) copyFileSync(from, to)
}

/** The store with its outages. It tells the host the moments before, during and after each transaction. */
function watched(store: Store, world: World, step: (point: CrashPoint) => void): Store {
  const unlessOut = <A>(effect: Effect.Effect<A, StoreUnavailable>): Effect.Effect<A, StoreUnavailable> =>
    Effect.suspend(() => (world.isOut.store ? diskFull : effect))
  const stepped = (point: CrashPoint) => Effect.sync(() => step(point))
  return {
    ...store,
    load: (reference) => unlessOut(store.load(reference)),
    update: (reference, decide) =>
      Effect.suspend(() => {
        step("before-commit")
        const within: typeof decide = (stored, storeNow) => {
          const change = decide(stored, storeNow)
          step("in-transaction")
          return change
        }
        return Effect.tap(unlessOut(store.update(reference, within)), stepped("after-commit"))
      }),
    claimDue: (options) => Effect.tap(unlessOut(store.claimDue(options)), stepped("polls-claimed")),
    nextDue: (accounts) => unlessOut(store.nextDue(accounts)),
    reschedule: (stored, schedule) => unlessOut(store.reschedule(stored, schedule)),
  }
}

const diskFull = Effect.fail(new StoreUnavailable({ message: "the disk is full" }))
