import type { EngineCanary } from "../canaries/engines.ts"
import type { SimulatedProperty, SimulationOptions, SimulationReport } from "./simulate.ts"
import { simulate } from "./simulate.ts"

/** The world a broken engine is put into; the real one must come through it without a violation. */
export const canaryWorld: SimulationOptions = { seed: "canary-1", loans: 25, days: 8, faults: "hell" }

/** Which properties found a broken engine out, and the first thing each of them said. */
export interface FoundOut {
  readonly seed: string
  readonly killedBy: ReadonlyArray<SimulatedProperty>
  readonly violations: SimulationReport["violations"]
}

/** How many worlds are tried before a broken engine counts as not found out. */
const worldsMax = 4

/** Runs a broken engine through one world after another until a property finds it out; `undefined` if none does. */
export async function findOut(canary: EngineCanary, by?: SimulatedProperty): Promise<FoundOut | undefined> {
  for (let world = 1; world <= worldsMax; world++) {
    const seed = `canary-${world}`
    const { violations } = await simulate({ ...canaryWorld, seed, canary })
    const firsts = violations.filter(
      ({ property }, index) => violations.findIndex((other) => other.property === property) === index,
    )
    const killedBy = firsts.map(({ property }) => property)
    if (by === undefined ? killedBy.length > 0 : killedBy.includes(by)) {
      return { seed, killedBy, violations: firsts }
    }
  }
  return undefined
}
