import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { ourFiles } from "../structure/our-files.ts"
import { notPlain, notPlainSource, plainWords } from "./plain-words.ts"

const files = ourFiles()

/** All our pages except two kinds: the lives tell stories, and `docs/api` contains the compiler's text. */
const pages = files.filter((file) => file.endsWith(".md") && !/^docs\/(?:lives|api\/)/u.test(file))

/** Files that may contain the words: the list itself, this test, and the console's texts in other languages. */
const isOfOtherWords = (file: string): boolean =>
  /^test\/docs\/(?:plain-words|words\.test)\.ts$|^packages\/app\/console\/src\/words\/(?:sv|nb|da|fi)\.ts$/u.test(
    file,
  )

/** Source files: comments, texts and test titles. */
const sources = files.filter((file) => /\.(?:tsx?|cjs|yml)$/u.test(file) && !isOfOtherWords(file))

const describedAs = (file: string, found: ReturnType<typeof notPlain>): ReadonlyArray<string> =>
  found.map(({ line, found: word, plain }) => `${file}:${line}: not "${word}", but: ${plain}`)

describe("the pages", () => {
  it("are all read", () => {
    expect(pages).toContain("README.md")
    expect(pages).toContain("docs/operating.md")
    expect(pages.length).toBeGreaterThan(30)
  })

  it.each(pages)("%s uses plain words", (page) => {
    expect(describedAs(page, notPlain(readFileSync(inCheckout(page), "utf8")))).toEqual([])
  })
})

describe("the sources", () => {
  it("are all read", () => {
    expect(sources).toContain("packages/domain/src/loan.ts")
    expect(sources).toContain("packages/app/console/src/words/en.ts")
    expect(sources.length).toBeGreaterThan(500)
  })

  it("use plain words", () => {
    expect(
      sources.flatMap((file) => describedAs(file, notPlainSource(readFileSync(inCheckout(file), "utf8")))),
    ).toEqual([])
  })
})

describe("the list of words", () => {
  const canaries = plainWords.flatMap(([forms, plain]) => forms.map((form) => [form, plain] as const))

  it.each(canaries)("finds %s, with its line and the plain word", (form, plain) => {
    const page = `# A page\n\nThe engine waits ${form} a while.\n`
    expect(notPlain(page)).toContainEqual({ line: 3, found: form, plain })
  })

  it("finds a phrase across a line break, in capitals, and in a comment", () => {
    expect(notPlain("It is told\nof it.").map(({ line }) => line)).toEqual([1])
    expect(notPlain("Whoever asks.").map(({ line }) => line)).toEqual([1])
    expect(notPlain("/**\n * All the\n * same.\n */").map(({ line }) => line)).toEqual([2])
  })

  it("reads the texts of a source file, and ignores code only in comments", () => {
    expect(notPlainSource("const text = `It waits anew.`\n").map(({ line }) => line)).toEqual([1])
    expect(notPlainSource("// All the\n// same.\n").map(({ line }) => line)).toEqual([1])
    expect(notPlainSource("/** The member `mend`. */\n")).toEqual([])
  })

  it("ignores code, titles of tests, and longer words that contain a forbidden one", () => {
    expect(notPlain('Read `mend`, `a.test.ts`: "is written anew", and amend or supon.')).toEqual([])
  })
})
