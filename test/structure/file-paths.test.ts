import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { filesWithin } from "./our-files.ts"

const folders = ["test", "packages", "scripts", "examples"]
it("no path is taken directly from a URL, which escapes blanks and accents", () => {
  const files = filesWithin(folders)
  expect(files.length).toBeGreaterThan(500)
  const wrong = files.filter((file) =>
    /import\.meta\.url\s*\)\s*\.pathname/u.test(readFileSync(inCheckout(file), "utf8")),
  )
  expect(wrong).toEqual([])
})
