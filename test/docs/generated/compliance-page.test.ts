import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"
import { compliancePage } from "../pages/compliance-page.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/compliance.md")

describe("docs/compliance.md", () => {
  it("lists the requirements as the report has them", async () => {
    await expect(compliancePage()).toMatchFileSnapshot(page)
  })
})
