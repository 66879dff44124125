import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const root = new URL("../../", import.meta.url)
const page = readFileSync(new URL("docs/reliability.md", root), "utf8")

/** The tests that the page names, each with its file and its title. */
const named = [...page.matchAll(/`(?<file>(?:test|packages)\/[\w./-]+\.ts)`: "(?<title>[^"]+)"/gu)].map(
  ({ groups }) => [groups?.["file"] ?? "", groups?.["title"] ?? ""] as const,
)

describe("docs/reliability.md", () => {
  it("names at least one test in every row", () => {
    const rows = page.split("\n").filter((line) => /^\| (?!fault|-)/u.test(line))
    expect(rows.length).toBeGreaterThan(25)
    expect(rows.filter((row) => !/`: "[^"]+"/u.test(row))).toEqual([])
    expect(named.length).toBeGreaterThanOrEqual(rows.length)
  })

  it.each(named)("names a test that %s has: %s", (file, title) => {
    const source = readFileSync(new URL(file, root), "utf8")
    const quoted = [`"${title}"`, `\`${title}\``, `'${title}'`]
    expect(quoted.some((text) => source.includes(text))).toBe(true)
  })
})
