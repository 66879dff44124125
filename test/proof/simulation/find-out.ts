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

/** The worlds for a broken engine, small ones first. The real engine must have no violation in any of them. */
export const smallWorlds = worldsOf(6, 3, 8)
export const largeWorlds = worldsOf(25, 8, 4)

/** The properties that found a broken engine, and the first violation of each. */
export interface FoundOut {
  readonly seed: string
  readonly killedBy: ReadonlyArray<SimulatedProperty>
  readonly violations: SimulationReport["violations"]
}

/** Runs a broken engine in one world after another until a property finds it. `undefined` if none does. */
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
