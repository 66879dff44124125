import { readFileSync } from "node:fs"
import { version } from "@loan-engine/app/base/version"
import { expect, it } from "vitest"

it.each(["package.json", "packages/app/package.json"])("the version is told as %s has it", (file) => {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8")
  expect((JSON.parse(text) as { readonly version: string }).version).toBe(version)
})
