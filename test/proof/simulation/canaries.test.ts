import { describe, expect, it } from "vitest"
import type { EngineCanary } from "../canaries/engines.ts"
import { engineCanaries } from "../canaries/engines.ts"
import { isThorough, propertySeed } from "../properties/settings.ts"
import { findOut, largeWorlds, smallWorlds } from "./find-out.ts"
import type { SimulatedProperty } from "./simulate.ts"
import { simulate } from "./simulate.ts"

/** The property that must find each canary. Other properties may find it too. */
const killers: Readonly<Record<string, SimulatedProperty>> = {
  "acknowledge before commit": "P6",
  "admit unsigned": "P7",
  "admit unbound signature": "P7",
  "admit foreign signature": "P7",
  "admit unverifiable signature": "P7",
  "undo on poll=false": "P6",
  "dedupe by content hash": "P6",
  "last arrival wins": "P7",
  "drop early events": "P5",
  "never poll": "P5",
  "forget claimed polls": "P5",
  "poll answer dated at arrival instead of at sending": "P7",
  "snapshot without journal row": "P6",
  "journal without snapshot": "P6",
  "rewrite the journal": "P6",
  "skip the walk's middle": "P1",
  "swallow repeats": "P6",
  "forget tokens": "P6",
}

/** The first promise is about acknowledged callbacks. So this canary is in every run. */
const always = "acknowledge before commit"

/** The usual tests run a third of the other canaries, drawn by the run's seed. A compliance run runs them all. */
const share = isThorough ? 1 : 3
const drawn = engineCanaries.filter(
  ({ name }, index) => name === always || index % share === propertySeed % share,
)

const cases = drawn.map((canary): [string, SimulatedProperty | undefined, EngineCanary] => [
  canary.name,
  killers[canary.name],
  canary,
])

describe("the simulation finds every broken engine", () => {
  it("and knows which property must find each", () => {
    expect(Object.keys(killers).toSorted()).toEqual(engineCanaries.map(({ name }) => name).toSorted())
    expect(drawn.map(({ name }) => name)).toContain(always)
  })

  it.for([...smallWorlds, ...largeWorlds.slice(0, isThorough ? largeWorlds.length : 1)])(
    "and nothing wrong with the real one in the same world: $loans loans, $days days, seed $seed",
    async (world) => {
      expect((await simulate(world)).violations).toEqual([])
    },
  )

  it.for(cases)("%s is killed by %s", async ([name, killer, canary], { task }) => {
    const killedBy = (await findOut(canary, killer))?.killedBy ?? []
    task.meta.canary = { name: `engine: ${name}`, what: canary.what, killedBy }
    expect(killedBy).toContain(killer)
  })
})
