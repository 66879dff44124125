import type { Observe } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { inOrder } from "../exhaustive/abstraction.ts"
import { alphabets } from "../exhaustive/alphabets.ts"
import { explore } from "../exhaustive/exploration.ts"
import { permute } from "../exhaustive/permutations.ts"
import { laws } from "../properties/laws.ts"
import type { Breach, PropertyId } from "../properties/law.ts"
import { propertySeed } from "../properties/settings.ts"
import { lifecycleCanaries } from "./lifecycles.ts"

/** A canary that lives through so many cases of every law would live on. */
const canaryRuns = 300
const setSizeMax = 3

/** Every property that some part of the suite finds broken. */
async function broken(observe: Observe): Promise<ReadonlyArray<PropertyId>> {
  const found = new Set<PropertyId>()
  for (const { property, holdsFor } of laws) {
    // A replay is by the lifecycle as it is, so whatever is broken differs from it: that would prove nothing.
    if (property === "P6" || found.has(property)) continue
    const run = await fc.check(holdsFor(observe), {
      numRuns: canaryRuns,
      seed: propertySeed,
      endOnFailure: true,
    })
    if (run.failed) found.add(property)
  }
  const exhaustive: ReadonlyArray<Breach> = [
    ...explore({ observe, verdictPlaces: inOrder, breachesMax: 1 }).breaches,
    ...alphabets.flatMap((alphabet) => permute(alphabet, setSizeMax, observe).breaches),
  ]
  for (const { property } of exhaustive) found.add(property)
  return [...found].toSorted()
}

describe("a lifecycle that is broken on purpose is caught", () => {
  it.for(lifecycleCanaries)("$name: $what", async ({ name, what, observe }, { task }) => {
    const killedBy = await broken(observe)
    task.meta.canary = { name, what, killedBy }
    expect(killedBy).not.toEqual([])
  })
})
