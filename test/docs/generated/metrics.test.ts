import { metricFamilies } from "../pages/metric-families.ts"
import { metricsPage } from "../pages/metrics-page.ts"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/metrics.md")

describe("docs/metrics.md", () => {
  it("is written from the declarations as they are", async () => {
    await expect(metricsPage()).toMatchFileSnapshot(page)
  })
})

describe("every metric", () => {
  it.each(metricFamilies.map((family) => [family.name, family] as const))(
    "%s is named as Prometheus has it, and says what it is",
    (name, { kind, unit, description, attributes }) => {
      expect(name).toMatch(/^loan_engine_[a-z]+(?:_[a-z]+)*$/u)
      expect(name.endsWith("_total")).toBe(kind === "counter")
      expect(name.endsWith("_seconds")).toBe(unit === "seconds")
      expect(description).toMatch(/\.$/u)
      for (const attribute of Object.keys(attributes)) expect(attribute).toMatch(/^[a-z]+$/u)
    },
  )

  it("has a unique name, and none has the application reference as an attribute", () => {
    expect(new Set(metricFamilies.map(({ name }) => name)).size).toBe(metricFamilies.length)
    const attributes = new Set(metricFamilies.flatMap((family) => Object.keys(family.attributes)))
    expect([...attributes].toSorted()).toEqual(
      "account call detail disposition endpoint node operation outcome question source stage state status stream verdict version".split(
        " ",
      ),
    )
  })
})
