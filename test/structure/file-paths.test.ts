import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"

const folders = ["test", "packages", "scripts", "examples"]
const isOurs = (file: string): boolean =>
  /\.[cm]?tsx?$/u.test(file) && !/node_modules|[/\\]dist[/\\]/u.test(file)

it("no file's place is taken from its URL as it stands there, where a blank or an accent is escaped", () => {
  const files = folders
    .flatMap((folder) =>
      readdirSync(inCheckout(folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder, file),
      ),
    )
    .filter(isOurs)
  expect(files.length).toBeGreaterThan(500)
  const wrong = files.filter((file) =>
    /import\.meta\.url\s*\)\s*\.pathname/u.test(readFileSync(inCheckout(file), "utf8")),
  )
  expect(wrong).toEqual([])
})
