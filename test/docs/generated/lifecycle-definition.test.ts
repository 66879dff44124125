import { readFileSync } from "node:fs"
import { lifecycleModule, machineEdges } from "../pages/lifecycle-picture.ts"
import { stages } from "@loan-engine/domain/legal-transitions"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"
import { createMachine, getNextTransitions } from "xstate"

/** To write the definition again: npx -y pnpm@12 test test/docs -u */
const definitionPath = inCheckout("docs/lifecycle/loan-machine.js")

describe("the definition for XState's visualizer", () => {
  it("is the machine's own, as it is", async () => {
    await expect(lifecycleModule()).toMatchFileSnapshot(definitionPath)
  })

  it("is one that XState itself builds the same machine from", () => {
    const [, definition = ""] = /createMachine\((.*)\)\n$/su.exec(readFileSync(definitionPath, "utf8")) ?? []
    const rebuilt = createMachine(JSON.parse(definition) as object)
    const edges = stages.flatMap((from) =>
      getNextTransitions(rebuilt.resolveState({ value: from, context: {} })).flatMap((edge) =>
        (edge.target ?? []).flatMap(({ key }) => (key === "loan" ? [] : { from, to: key })),
      ),
    )
    expect(edges).toEqual(machineEdges())
  })
})
