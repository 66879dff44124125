import type { Observe } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { inOrder } from "../exhaustive/abstraction.ts"
import { alphabets } from "../exhaustive/alphabets.ts"
import { explore } from "../exhaustive/exploration.ts"
import { permute } from "../exhaustive/permutations.ts"
import { laws } from "../properties/laws.ts"
import { p2Renaming } from "../properties/p2-renaming.ts"
import type { Breach, PropertyId } from "../properties/law.ts"
import { canarySeed, isThorough } from "../properties/settings.ts"
import { lifecycleCanaries } from "./lifecycles.ts"

/** How many cases of each law a canary must survive to count as not noticed. */
const canaryRuns = 300
const setSizeMax = 3

/**
 * Every property that some part of the suite finds broken. If one is enough, the first one that the cheapest part
 * finds.
 */
async function broken(observe: Observe): Promise<ReadonlyArray<PropertyId>> {
  const found = new Set<PropertyId>()
  const isEnough = (): boolean => found.size > 0 && !isThorough
  for (const { property, holdsFor } of laws) {
    // A replay uses the real lifecycle, so every broken lifecycle differs from it. That would prove nothing, so P6
    // does not count.
    if (property === "P6" || found.has(property) || isEnough()) continue
    const run = await fc.check(holdsFor(observe), {
      numRuns: canaryRuns,
      seed: canarySeed,
      endOnFailure: true,
    })
    if (run.failed) found.add(property)
  }
  const exhaustive: ReadonlyArray<() => ReadonlyArray<Breach>> = [
    ...alphabets.map((alphabet) => () => permute(alphabet, setSizeMax, observe).breaches),
    () => explore({ observe, verdictPlaces: inOrder, breachesMax: 1, untilBreach: !isThorough }).breaches,
  ]
  for (const search of exhaustive) {
    if (isEnough()) break
    for (const { property } of search()) found.add(property)
  }
  return [...found].toSorted()
}

describe("a lifecycle that is broken on purpose is caught", () => {
  it.for(lifecycleCanaries)("$name: $what", async ({ name, what, observe }, { task }) => {
    const killedBy = await broken(observe)
    task.meta.canary = { name, what, killedBy }
    expect(killedBy).not.toEqual([])
  })
})

/** The canaries that look at more of a time than its order, or at more of a content than its text. */
const peeking = ["a value is looked at", "a distance is looked at"]

describe("a lifecycle that looks at a value is caught by the renamings alone", () => {
  it.for(lifecycleCanaries.filter(({ name }) => peeking.includes(name)))(
    "$name: $what",
    async ({ name, what, observe }, { task }) => {
      const [renaming] = p2Renaming
      const run =
        renaming && (await fc.check(renaming.holdsFor(observe), { numRuns: 3_000, seed: canarySeed }))
      task.meta.canary = { name: `renaming: ${name}`, what, killedBy: run?.failed === true ? ["P2"] : [] }
      expect(run?.failed).toBe(true)
    },
  )

  it("and there is a canary of each kind", () => {
    expect(lifecycleCanaries.map(({ name }) => name)).toEqual(expect.arrayContaining(peeking))
  })
})
