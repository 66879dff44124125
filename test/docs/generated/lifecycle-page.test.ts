import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"
import { lifecyclePage } from "../pages/lifecycle-page.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/lifecycle.md")

describe("docs/lifecycle.md", () => {
  it("is written from what the machine does", async () => {
    await expect(lifecyclePage()).toMatchFileSnapshot(page)
  })
})
