import { describe, expect, it } from "vitest"
import { lifecyclePage } from "./lifecycle-page.ts"

/** Writes the page anew: npx -y pnpm@12 test test/docs -u */
const page = new URL("../../docs/lifecycle.md", import.meta.url).pathname

describe("docs/lifecycle.md", () => {
  it("is written from what the machine does", async () => {
    await expect(lifecyclePage()).toMatchFileSnapshot(page)
  })
})
