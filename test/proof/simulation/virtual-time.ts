import { Clock, Duration, Effect, Exit, Random, References, Scheduler } from "effect"
import { makeTimers } from "./timers.ts"
import type { Timer } from "./timers.ts"
import { holdCrypto } from "./held-crypto.ts"
import type { Seeded } from "./seeded.ts"

/** Virtual time. It advances only when nothing is left to do, and then at once to the next timer. */
export interface VirtualTime {
  /** The true time, in milliseconds since 1970. */
  readonly now: () => number
  /** A clock that may differ from the true time. A sleep takes equally long on every clock. */
  readonly clock: (aheadMs?: () => number) => Clock.Clock
  /** Runs an effect to its end. Effects that it left in the background run until that moment. */
  readonly run: <A>(effect: Effect.Effect<A>) => Promise<A>
}

/** No simulation lasts this long. An effect that still runs then waits for something that never happens. */
const lifeMsMax = 366 * 86_400_000

export function makeVirtualTime(startsAt: number, seed: Seeded): VirtualTime {
  let now = startsAt
  let order = 0
  const timers = makeTimers()
  const ready: Array<() => void> = []

  const sleep = (millis: number): Effect.Effect<void> => {
    if (millis <= 0) return Effect.yieldNow
    if (!Number.isFinite(millis)) return Effect.never
    return Effect.callback((resume) => {
      const timer: Timer = {
        at: now + millis,
        order: order++,
        run: () => resume(Effect.void),
        cancelled: false,
      }
      timers.add(timer)
      return Effect.sync(() => {
        timer.cancelled = true
      })
    })
  }

  const clock = (aheadMs: () => number = () => 0): Clock.Clock => {
    const millis = (): number => Math.floor(now + aheadMs())
    const nanos = (time: number): bigint => BigInt(Math.floor(time)) * 1_000_000n
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: () => nanos(millis()),
      currentTimeNanos: Effect.sync(() => nanos(millis())),
      monotonicTimeNanosUnsafe: () => nanos(now - startsAt),
      monotonicTimeNanos: Effect.sync(() => nanos(now - startsAt)),
      sleep: (duration) => sleep(Duration.toMillis(duration)),
    }
  }

  /** Advances to the next timer that is not cancelled. `false` if there is none. */
  const advance = (): boolean => {
    for (let timer = timers.take(); timer !== undefined; timer = timers.take()) {
      if (timer.cancelled) continue
      now = Math.max(now, timer.at)
      timer.run()
      return true
    }
    return false
  }

  const scheduler = new Scheduler.MixedScheduler("async", (task) => {
    ready.push(task)
    return () => {
      const index = ready.indexOf(task)
      if (index >= 0) ready.splice(index, 1)
    }
  })

  const run = async <A>(effect: Effect.Effect<A>): Promise<A> => {
    const crypto = holdCrypto()
    try {
      const fiber = Effect.runFork(
        effect.pipe(
          Effect.provideService(Clock.Clock, clock()),
          Effect.provideService(Random.Random, seed.random),
          Effect.provideService(References.MinimumLogLevel, "None"),
        ),
        { scheduler },
      )
      while (fiber.pollUnsafe() === undefined) {
        await settle(ready, crypto.release)
        if (now > startsAt + lifeMsMax) throw new Error("something that was to end did not, in a whole year")
        if (fiber.pollUnsafe() === undefined && !advance()) throw new Error("nothing is left to wait for")
      }
      const exit = fiber.pollUnsafe() ?? Exit.die(new Error("it has not ended"))
      return await Effect.runPromise(exit)
    } finally {
      crypto.restore()
    }
  }

  return { now: () => now, clock, run }
}

/**
 * Runs everything that is ready, and what becomes ready by it. Then it releases one held operation and repeats, until
 * nothing is left.
 */
async function settle(ready: Array<() => void>, release: () => Promise<boolean>): Promise<void> {
  do {
    do {
      for (let task = ready.shift(); task !== undefined; task = ready.shift()) task()
      await promisesToRun()
    } while (ready.length > 0)
  } while (await release())
}

/** Waits for one turn of the event loop. By then every promise that can continue has continued. */
const promisesToRun = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
