import { settingsPage } from "./pages/settings-page.ts"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/configuration.md")

describe("docs/configuration.md", () => {
  it("is written from the settings as they are", async () => {
    await expect(settingsPage()).toMatchFileSnapshot(page)
  })
})
