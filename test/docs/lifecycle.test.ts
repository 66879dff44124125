import { readFileSync } from "node:fs"
import { lifecycleModule, machineEdges } from "@loan-engine/domain/lifecycle-picture"
import { lifecycleSvg } from "@loan-engine/domain/lifecycle-svg"
import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import { describe, expect, it } from "vitest"
import { createMachine, getNextTransitions } from "xstate"

/** Rewrites the pictures: npx -y pnpm@12 test test/docs -u */
const picture = (name: string): string => new URL(`../../docs/lifecycle/${name}`, import.meta.url).pathname

describe("the lifecycle's pictures", () => {
  it("are drawn from the machine and the table as they are", async () => {
    await expect(lifecycleSvg()).toMatchFileSnapshot(picture("lifecycle.svg"))
    await expect(lifecycleModule()).toMatchFileSnapshot(picture("loan-machine.js"))
  })

  it("have an arrow for every legal transition, dashed if it has to do with a dispute", () => {
    const svg = lifecycleSvg()
    const legal = stages.flatMap((from) => legalTransitions[from].map((to) => `${from} to ${to}`))
    const drawn = [
      ...svg.matchAll(
        /<path d="[^"]*" fill="none" stroke="[^"]*"( stroke-dasharray="[^"]*")? [^>]*><title>([^<]*)<\/title>/gu,
      ),
    ]
    expect(drawn.map(([, , title = ""]) => title).toSorted()).toEqual(legal.toSorted())
    for (const [, dashed, title = ""] of drawn) expect(dashed !== undefined).toBe(title.includes("disputed"))
  })

  it("light the stages that a loan has been through", () => {
    const svg = lifecycleSvg(new Set(["submitted", "approved"]))
    expect(svg.match(/fill="#cfe8d5"/gu)).toHaveLength(2)
    expect(lifecycleSvg()).not.toContain("#cfe8d5")
  })

  it("include a definition that XState itself builds the same machine from", () => {
    const [, definition = ""] =
      /createMachine\((.*)\)\n$/su.exec(readFileSync(picture("loan-machine.js"), "utf8")) ?? []
    const rebuilt = createMachine(JSON.parse(definition) as object)
    const edges = stages.flatMap((from) =>
      getNextTransitions(rebuilt.resolveState({ value: from, context: {} })).flatMap((edge) =>
        (edge.target ?? []).flatMap(({ key }) => (key === "loan" ? [] : { from, to: key })),
      ),
    )
    expect(edges).toEqual(machineEdges())
  })
})
