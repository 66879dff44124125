import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { filesWithin } from "./our-files.ts"

const folders = ["test", "packages", "scripts", "examples"]
it("no file's place is taken from its URL as it stands there, where a blank or an accent is escaped", () => {
  const files = filesWithin(folders)
  expect(files.length).toBeGreaterThan(500)
  const wrong = files.filter((file) =>
    /import\.meta\.url\s*\)\s*\.pathname/u.test(readFileSync(inCheckout(file), "utf8")),
  )
  expect(wrong).toEqual([])
})
