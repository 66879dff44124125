import type { EngineCanary } from "../canaries/engines.ts"
import type { SimulatedProperty, SimulationOptions, SimulationReport } from "./simulate.ts"
import { simulate } from "./simulate.ts"

const worldsOf = (loans: number, days: number, count: number): ReadonlyArray<SimulationOptions> =>
  Array.from({ length: count }, (_, index) => ({
    seed: `canary-${index + 1}`,
    loans,
    days,
    faults: "hell",
  }))

/** The worlds that a broken engine is put into, small ones first; the real one must come through each without a violation. */
export const smallWorlds = worldsOf(6, 3, 8)
export const largeWorlds = worldsOf(25, 8, 4)

/** Which properties found a broken engine out, and the first thing each of them said. */
export interface FoundOut {
  readonly seed: string
  readonly killedBy: ReadonlyArray<SimulatedProperty>
  readonly violations: SimulationReport["violations"]
}

/** Runs a broken engine through one world after another until a property finds it out; `undefined` if none does. */
export async function findOut(canary: EngineCanary, by?: SimulatedProperty): Promise<FoundOut | undefined> {
  for (const world of [...smallWorlds, ...largeWorlds]) {
    const { violations } = await simulate({ ...world, canary })
    const firsts = violations.filter(
      ({ property }, index) => violations.findIndex((other) => other.property === property) === index,
    )
    const killedBy = firsts.map(({ property }) => property)
    if (by === undefined ? killedBy.length > 0 : killedBy.includes(by)) {
      return { seed: world.seed, killedBy, violations: firsts }
    }
  }
  return undefined
}
