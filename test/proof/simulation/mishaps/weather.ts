import { clockAheadMsMax } from "@loan-engine/app/schedule/timely"
import { Effect } from "effect"
import { crashPoints } from "./faults.ts"
import type { FaultRates } from "./faults.ts"
import { hourMs, minuteMs } from "../world.ts"
import type { World } from "../world.ts"
import type { EngineHost } from "../engine-host.ts"

/**
 * How far the engine's clock may differ in each direction. Two times of this clock always differ by less than the
 * engine's limit for a wrong clock. Beyond that limit the engine changes the time of an event, and the witness could
 * not know that time. `test/engine/clocks` and `test/engine/polling/wrong-clock.test.ts` test such clocks.
 */
const aheadMsMax = 0.75 * clockAheadMsMax
const behindMsMax = 0.2 * clockAheadMsMax

type Spell = (world: World, draws: ReturnType<World["draws"]>, host: EngineHost) => Effect.Effect<void>

const outage =
  (of: keyof World["isOut"]): Spell =>
  (world, draws) =>
    Effect.gen(function* () {
      world.count(`${of} outage`)
      world.tell(() => `the ${of} cannot be reached`)
      world.isOut[of] = true
      yield* Effect.sleep(minuteMs * Math.exp(draws.between(0, Math.log((12 * hourMs) / minuteMs))))
      world.isOut[of] = false
    })

/** The faults that affect the whole world from time to time, and how often. */
const spells: ReadonlyArray<readonly [keyof FaultRates & `${string}EveryHours`, Spell]> = [
  ["bankOutageEveryHours", outage("bank")],
  ["jwksOutageEveryHours", outage("jwks")],
  ["storeOutageEveryHours", outage("store")],
  [
    "clockJumpEveryHours",
    (world, draws) =>
      Effect.sync(() => {
        world.aheadMs = draws.chance(0.3) ? 0 : Math.round(draws.between(-behindMsMax, aheadMsMax))
        world.count("clock jump")
        world.tell(() => `the engine's clock jumps to ${world.aheadMs} ms ahead`)
      }),
  ],
  [
    "crashEveryHours",
    (world, draws, host) =>
      Effect.sync(() => {
        world.crashAt = draws.pick(crashPoints)
        host.step("anywhere")
      }),
  ],
]

/** Starts these faults again and again until the world calms down. */
export const makeWeather = Effect.fnUntraced(function* (world: World, host: EngineHost) {
  for (const [every, spell] of spells) {
    const draws = world.draws(every)
    const hours = world.rates()[every]
    if (hours === 0) continue
    const next = Effect.suspend(() => Effect.sleep(-Math.log(1 - draws.next()) * hours * hourMs))
    const come = Effect.suspend(() => (world.isCalm() ? Effect.never : spell(world, draws, host)))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(next, come)))
  }
})
