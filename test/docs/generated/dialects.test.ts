import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"
import { dialectsPage } from "../pages/dialects-page.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/dialects.md")

describe("docs/dialects.md", () => {
  it("is written from the dialects as they are", async () => {
    await expect(dialectsPage()).toMatchFileSnapshot(page)
  })
})
