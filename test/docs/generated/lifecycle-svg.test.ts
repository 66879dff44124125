import { lifecycleSvg } from "../pages/lifecycle-svg.ts"
import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

/** To draw the picture again: npx -y pnpm@12 test test/docs -u */
const picture = inCheckout("docs/lifecycle/lifecycle.svg")

describe("the lifecycle's picture", () => {
  it("is drawn from the table as it is", async () => {
    await expect(lifecycleSvg()).toMatchFileSnapshot(picture)
  })

  it("has an arrow for every legal transition, dashed if it has to do with a dispute", () => {
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

  it("lights the stages that a loan has been through", () => {
    const svg = lifecycleSvg(new Set(["submitted", "approved"]))
    expect(svg.match(/fill="#cfe8d5"/gu)).toHaveLength(2)
    expect(lifecycleSvg()).not.toContain("#cfe8d5")
  })
})
