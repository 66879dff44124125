import { observe } from "@loan-engine/domain/loan"
import { machineEdges } from "../../docs/pages/lifecycle-picture.ts"
import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { laws } from "./laws.ts"
import { fold, judged } from "./fold.ts"
import { judges } from "./judges.ts"
import { conclude } from "./reference.ts"
import { pinned } from "./pinned.ts"
import { propertyPath, propertyRuns, propertySeed } from "./settings.ts"

describe("the properties on random cases", () => {
  for (const { property, title, holdsFor } of laws) {
    it(`${property} ${title}`, async ({ task }) => {
      const run = await fc.check(holdsFor(observe), {
        numRuns: propertyRuns,
        seed: propertySeed,
        ...(propertyPath === undefined ? {} : { path: propertyPath }),
      })
      task.meta.proofs = [{ property, means: "random", cases: run.numRuns }]
      if (!run.failed) return
      throw new Error(`${fc.defaultReportMessage(run)}\n\n${replayCommand(title, run)}`, {
        cause: run.errorInstance,
      })
    })
  }
})

const replayCommand = (title: string, { seed, counterexamplePath }: fc.RunDetails<unknown>): string =>
  `To see it again: LOAN_ENGINE_PROPERTY_SEED=${seed} LOAN_ENGINE_PROPERTY_PATH=${counterexamplePath ?? ""} ` +
  `npx -y pnpm@12 test test/proof/properties -t "${title}"`

describe("traces that once broke something", () => {
  it.each(pinned)("$property $what", ({ trace, stage, property }) => {
    for (const judge of judges) expect(judged(observe, trace, judge)).toEqual([])
    const said = trace.flatMap(({ events }) => events)
    expect(fold(observe, trace).stage).toBe(stage)
    if (property !== "P7") expect(conclude(said).stage).toBe(stage)
  })
})

describe("P8 cover: the machine's definition", () => {
  it("P8 its edges are those of the table of legal transitions, no more and no fewer", ({ task }) => {
    const table = stages.flatMap((from) => legalTransitions[from].map((to) => `${from} -> ${to}`))
    const machine = machineEdges().map(({ from, to }) => `${from} -> ${to}`)
    task.meta.proofs = [{ property: "P8", means: "definition", cases: machine.length }]
    expect(machine.toSorted()).toEqual(table.toSorted())
  })
})
