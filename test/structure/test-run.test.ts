import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-my loans é-"))
mkdirSync(join(directory, "test"))
afterAll(() => rmSync(directory, { recursive: true }))

/** Runs a folder of tests with this project's settings and closing line. */
function runTests(...flags: ReadonlyArray<string>) {
  const vitest = [inCheckout("node_modules/vitest/vitest.mjs"), "run", "--globals", "--root", directory]
  const ours = [
    "--config",
    inCheckout("vitest.config.ts"),
    `--reporter=${inCheckout("test/closing-line-reporter.ts")}`,
  ]
  const env = { PATH: process.env["PATH"], LOAN_ENGINE_PROPERTY_SEED: "77" }
  const { status, stdout } = spawnSync(process.execPath, [...vitest, ...ours, ...flags], {
    cwd: directory,
    encoding: "utf8",
    env,
  })
  return { status, lines: stdout.trim().split("\n") }
}

const write = (name: string, text: string): void => writeFileSync(join(directory, "test", name), text)

describe("a run of the tests", () => {
  it("that fails prints, for each test, the command that runs it alone with the same seed", () => {
    write(
      "some.test.ts",
      'describe("a loan", () => { it("isn\'t (yet) paid out", () => { throw new Error("no") }) })',
    )
    const { status, lines } = runTests()
    expect(status).toBe(1)
    expect(lines).toContain(
      "To run it alone: LOAN_ENGINE_PROPERTY_SEED=77 npx -y pnpm@12 test test/some.test.ts -t 'a loan . isn.t .yet. paid out'",
    )
    expect(lines.at(-1)).toBe("Tests: 0 passed, 1 failed, 0 skipped")
    expect(runTests("-t", "a loan . isn.t .yet. paid out").lines.at(-1)).toBe(
      "Tests: 0 passed, 1 failed, 0 skipped",
    )
  })

  it("fails if a generated file is missing or differs, and writes it only on request", () => {
    const file = join(directory, "test", "page.md")
    write(
      "some.test.ts",
      `it("is written", () => expect("text").toMatchFileSnapshot(${JSON.stringify(file)}))`,
    )
    expect(runTests().status).toBe(1)
    expect(() => readFileSync(file)).toThrow("ENOENT")
    expect(runTests("-u").status).toBe(0)
    expect(readFileSync(file, "utf8")).toBe("text")
    writeFileSync(file, "another text")
    expect(runTests().status).toBe(1)
  })
})
