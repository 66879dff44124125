import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { notPlain, plainWords } from "./plain-words.ts"

/** Every page of ours; the lives tell stories, and `docs/api` holds the compiler's text. */
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: inCheckout(""),
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && !/^docs\/(?:lives|api\/)/u.test(file))

describe("the pages", () => {
  it("are all read", () => {
    expect(pages).toContain("README.md")
    expect(pages).toContain("docs/operating.md")
    expect(pages.length).toBeGreaterThan(30)
  })

  it.each(pages)("%s uses plain words", (page) => {
    const found = notPlain(readFileSync(inCheckout(page), "utf8"))
    expect(
      found.map(({ line, found: word, plain }) => `${page}:${line}: not "${word}", but: ${plain}`),
    ).toEqual([])
  })
})

describe("the list of words", () => {
  const canaries = plainWords.flatMap(([forms, plain]) => forms.map((form) => [form, plain] as const))

  it.each(canaries)("finds %s, with its line and the plain word", (form, plain) => {
    const page = `# A page\n\nThe engine waits ${form} a while.\n`
    expect(notPlain(page)).toContainEqual({ line: 3, found: form, plain })
  })

  it("finds a turn across a line break, in capitals, and in a comment", () => {
    expect(notPlain("It is told\nof it.").map(({ line }) => line)).toEqual([1])
    expect(notPlain("Whoever asks.").map(({ line }) => line)).toEqual([1])
    expect(notPlain("/**\n * All the\n * same.\n */").map(({ line }) => line)).toEqual([2])
  })

  it("leaves alone code, titles of tests, and words that hold one of them", () => {
    expect(notPlain('Read `mend`, `a.test.ts`: "is written anew", and amend or supon.')).toEqual([])
  })
})
