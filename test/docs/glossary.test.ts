import { readFileSync } from "node:fs"
import { stages } from "@loan-engine/domain/legal-transitions"
import { Disposition, Evidence, Source } from "@loan-engine/domain/observation"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"

const page = readFileSync(inCheckout("docs/glossary.md"), "utf8")

/** The row that explains a term. */
const meaningOf = (word: string): string =>
  page.split("\n").find((line) => line.startsWith(`| ${word} `) || line.startsWith(`| ${word},`)) ?? ""

describe("the glossary", () => {
  it("is tables of terms and meanings, and nothing stands outside of them", () => {
    const tables = page.split(/\n\n/u).filter((block) => block.includes("|"))
    expect(tables.length).toBe(3)
    for (const table of tables)
      expect(table).toMatch(/^\| term +\| meaning +\|\n\| -+ \| -+ \|\n(?:\| [^|]+ \| [^|]+ \|\n?)+$/u)
  })

  it.each([
    ["stage", stages],
    ["source", Source.literals],
    ["evidence", Evidence.literals],
    ["disposition", Disposition.literals],
  ])("names every %s", (word, values) => {
    const named = new Set([...meaningOf(word).matchAll(/`([a-zA-Z]+)`/gu)].map(([, name]) => name))
    expect(named).toEqual(new Set(values))
  })
})
