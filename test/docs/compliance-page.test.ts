import { describe, expect, it } from "vitest"
import { compliancePage } from "./compliance-page.ts"

/** Writes the page anew: npx -y pnpm@12 test test/docs -u */
const page = new URL("../../docs/compliance.md", import.meta.url).pathname

describe("docs/compliance.md", () => {
  it("lists the requirements as the report has them", async () => {
    await expect(compliancePage()).toMatchFileSnapshot(page)
  })
})
