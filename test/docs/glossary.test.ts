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
