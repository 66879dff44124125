import { readFileSync } from "node:fs"
import { exitCodes } from "@loan-engine/app/cli/exit-codes"
import { describe, expect, it } from "vitest"

const page = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8")

describe("the operators' page", () => {
  it("has every exit code, by its name", () => {
    const rows = [...page.matchAll(/^\| (\d+) +\| (\w+) +\|/gmu)].map(([, code, name]) => [
      name,
      Number(code),
    ])
    expect(Object.fromEntries(rows)).toEqual(exitCodes)
  })

  it("names every command there is", () => {
    const main = readFileSync(new URL("../../packages/app/src/cli/program.ts", import.meta.url), "utf8")
    const [, list = ""] = /withSubcommands\(\[([^\]]+)\]\)/u.exec(main) ?? []
    const names = list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "")
    expect(names.length).toBeGreaterThan(10)
    const told = new Set(["start", "serve"])
    expect(names.filter((name) => !told.has(name) && !new RegExp(`\`${name}[ \`]`, "u").test(page))).toEqual(
      [],
    )
  })
})
