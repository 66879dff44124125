import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"
import { livesPage } from "../pages/lives-page.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/lives.md")

describe("docs/lives.md", () => {
  it("tells the lives as their files do", async () => {
    await expect(livesPage()).toMatchFileSnapshot(page)
  })
})
