import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"
import { cliPage } from "../pages/cli-page.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/cli.md")

describe("docs/cli.md", () => {
  it("is written from the commands as they are", async () => {
    await expect(await cliPage()).toMatchFileSnapshot(page)
  })
})
