import { lifecycleMermaid, lifecycleModule, machineEdges } from "../pages/lifecycle-picture.ts"
import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import { describe, expect, it } from "vitest"

describe("what is read off the machine", () => {
  it("are its edges, and only those between stages", () => {
    expect(machineEdges()).toHaveLength(stages.flatMap((from) => legalTransitions[from]).length)
    for (const { from, to } of machineEdges()) expect(legalTransitions[from]).toContain(to)
  })

  it("is a Mermaid diagram, with where a life begins and where it ends", () => {
    const lines = lifecycleMermaid().split("\n")
    expect(lines.slice(0, 2)).toEqual(["stateDiagram-v2", "    [*] --> submitted"])
    expect(lines.slice(-3)).toEqual(["    paidOut --> [*]", "    rejected --> [*]", ""])
    expect(lines.slice(2, -3)).toEqual(machineEdges().map(({ from, to }) => `    ${from} --> ${to}`))
  })

  it("is a definition without code", () => {
    const [, definition = ""] =
      /^import \{ createMachine \} from "xstate"\n\nexport const loanMachine = createMachine\((\{.*\})\)\n$/su.exec(
        lifecycleModule(),
      ) ?? []
    expect(JSON.parse(definition)).toMatchObject({
      id: "loan",
      initial: "submitted",
      on: { observed: { actions: "join" } },
      states: { paidOut: { always: [{ guard: "isNoLongerApproved", target: "disputed" }] } },
    })
    expect(JSON.parse(definition)).not.toHaveProperty("context")
  })
})
