import { describe, expect, it } from "vitest"
import { dialectsPage } from "./dialects-page.ts"

/** Writes the page again: npx -y pnpm@12 test test/docs -u */
const page = new URL("../../docs/dialects.md", import.meta.url).pathname

describe("docs/dialects.md", () => {
  it("is written from the dialects as they are", async () => {
    await expect(dialectsPage()).toMatchFileSnapshot(page)
  })
})
