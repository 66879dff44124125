import { Clock, Effect, Random } from "effect"
import { faultRates } from "./mishaps/faults.ts"
import type { CrashPoint, FaultLevel, FaultRates } from "./mishaps/faults.ts"
import { seeded } from "./seeded.ts"
import type { Seeded } from "./seeded.ts"
import { makeVirtualTime } from "./virtual-time.ts"
import type { VirtualTime } from "./virtual-time.ts"

/**
 * What all parts of one simulation share: the time, the random draws, the faults, and the lines about what happened.
 */
export interface World {
  readonly seed: string
  readonly time: VirtualTime
  /** The random draws for one purpose. */
  readonly draws: (concern: string) => Seeded
  /** The present rates of faults. All are 0 after the world has calmed down. */
  readonly rates: () => FaultRates
  readonly calmDown: () => void
  readonly isCalm: () => boolean
  /** How far the engine's clock is ahead of the true time, in milliseconds. */
  aheadMs: number
  readonly isOut: { bank: boolean; jwks: boolean; store: boolean }
  /** The step at which the engine's process dies next. */
  crashAt: CrashPoint | undefined
  readonly count: (fault: string) => void
  readonly counts: () => Readonly<Record<string, number>>
  /** Adds one line about what happened. It is kept only if there is a listener. */
  readonly tell: (line: () => string) => void
  readonly onEngineTime: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly onTrueTime: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The present time of the engine's clock. */
  readonly engineNow: () => number
}

const startsAt = Date.UTC(2026, 0, 5, 8)

export function makeWorld(seed: string, faults: FaultLevel, listen?: (line: string) => void): World {
  const time = makeVirtualTime(startsAt, seeded(`${seed}/world`))
  const counts = new Map<string, number>()
  let calm = false
  const engineClock = time.clock(() => world.aheadMs)
  const engineRandom = seeded(`${seed}/engine`).random
  const trueClock = time.clock()
  const trueRandom = seeded(`${seed}/bank`).random
  const world: World = {
    seed,
    time,
    draws: (concern) => seeded(`${seed}/${concern}`),
    rates: () => (calm ? faultRates.none : faultRates[faults]),
    calmDown: () => {
      calm = true
      world.aheadMs = 0
      world.crashAt = undefined
      Object.assign(world.isOut, { bank: false, jwks: false, store: false })
    },
    isCalm: () => calm,
    aheadMs: 0,
    isOut: { bank: false, jwks: false, store: false },
    crashAt: undefined,
    count: (fault) => void counts.set(fault, (counts.get(fault) ?? 0) + 1),
    counts: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    tell: (line) => listen?.(`${new Date(time.now()).toISOString()} ${line()}`),
    onEngineTime: (effect) =>
      effect.pipe(
        Effect.provideService(Clock.Clock, engineClock),
        Effect.provideService(Random.Random, engineRandom),
      ),
    onTrueTime: (effect) =>
      effect.pipe(
        Effect.provideService(Clock.Clock, trueClock),
        Effect.provideService(Random.Random, trueRandom),
      ),
    engineNow: () => engineClock.currentTimeMillisUnsafe(),
  }
  return world
}

export const secondMs = 1_000
export const minuteMs = 60 * secondMs
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs
