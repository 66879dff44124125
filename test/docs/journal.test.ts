import { readFileSync } from "node:fs"
import { findingMeanings } from "@loan-engine/app/audit/finding"
import { describe, expect, it } from "vitest"

const page = readFileSync(new URL("../../docs/journal.md", import.meta.url), "utf8")

describe("docs/journal.md", () => {
  it("lists every kind of finding, in the program's own words, and no other", () => {
    const [, table = ""] = page.split("## What is found")
    const told = [...table.matchAll(/^\| `(?<code>[a-z-]+)`\s+\| (?<meaning>.*?)\s+\|$/gmu)].map(
      ({ groups }) => [groups?.["code"], groups?.["meaning"]],
    )
    expect(told).toEqual(Object.entries(findingMeanings))
  })
})
