import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digestOf, hashOf } from "@loan-engine/app/journal/entry"
import { exportJournal } from "@loan-engine/app/audit/export-journal"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { childEnvironment, mainPath } from "../../checkout.ts"
import { liveOn, onStore, say, verifyFile } from "./lived-store.ts"
import { runCommand } from "./run-command.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-export-"))
const path = join(directory, "exported.sqlite")
let rows = 0
beforeAll(async () => {
  await liveOn(path, { tail: true })
  rows = (await verifyFile(path)).rows
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Line {
  readonly position: number
  readonly content: string
  readonly hash: string
  readonly repeats: number
  readonly raw?: string | null
}
const parsed = (ndjson: string): ReadonlyArray<Line> =>
  ndjson
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
const run = (...parameters: ReadonlyArray<string>) => runCommand(path, "journal", "export", ...parameters)

describe("loan-engine journal export", () => {
  it("writes every row as a line that can be checked without this program, and bodies only on request", async () => {
    const { code, stdout } = await run()
    const lines = parsed(stdout)
    expect(code).toBe(0)
    expect(lines.map(({ position }) => position)).toEqual(
      Array.from({ length: rows }, (_, index) => index + 1),
    )
    expect(lines.every(({ content, hash }) => hashOf(content) === hash)).toBe(true)
    expect(lines.some(({ repeats }) => repeats > 0)).toBe(true)
    expect(stdout).not.toContain("raw")
  })

  it("writes the bodies in base64 when asked, and null where they were erased", async () => {
    const lines = parsed((await run("--raw")).stdout)
    expect(lines.filter(({ raw }) => raw === null)).not.toEqual([])
    for (const { raw, content } of lines) {
      if (typeof raw !== "string") expect(content).toContain("loan-3")
      else expect(content).toContain(digestOf(Buffer.from(raw, "base64")))
    }
  })

  it("can be limited to one loan, and to rows after a position", async () => {
    const ofLoan = parsed((await run("--loan", "loan-2")).stdout)
    expect(ofLoan.length).toBeGreaterThan(3)
    expect(ofLoan.every(({ content }) => content.includes('"applicationReference":"loan-2"'))).toBe(true)
    const behind = parsed((await run("--after", String(rows - 5))).stdout)
    expect(behind.map(({ position }) => position)).toEqual([4, 3, 2, 1, 0].map((left) => rows - left))
    const both = parsed((await run("--loan", "loan-2", "--after", String(ofLoan[1]?.position))).stdout)
    expect(both).toEqual(ofLoan.slice(2))
    expect(await run("--loan", "nobody")).toMatchObject({ code: 0, stdout: "" })
  })

  it("writes a file completely or not at all, readable only by its owner, and never over another run's unfinished file", async () => {
    const output = join(directory, "journal.ndjson")
    writeFileSync(output, "the export of yesterday")
    writeFileSync(`${output}.partial`, "half of another export")
    const refused = await run("--output", output)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("exists already") })
    expect(readFileSync(output, "utf8")).toBe("the export of yesterday")
    rmSync(`${output}.partial`)
    expect(await run("--output", output)).toMatchObject({
      code: 0,
      stdout: `${rows} rows written to ${output}\n`,
    })
    expect(parsed(readFileSync(output, "utf8"))).toHaveLength(rows)
    expect(statSync(output).mode & 0o777).toBe(0o600)
    expect(existsSync(`${output}.partial`)).toBe(false)
  })

  it("leaves no file when it fails", async () => {
    const notThere = await runCommand(
      join(directory, "none.sqlite"),
      "journal",
      "export",
      "--output",
      join(directory, "x"),
    )
    expect(notThere).toMatchObject({ code: 2, stderr: expect.stringContaining("There is no file") })
    expect(readdirSync(directory).filter((name) => name.startsWith("x"))).toEqual([])
    expect(await run("--output", join(directory, "no", "such", "directory"))).toMatchObject({ code: 2 })
  })

  it("ends without an error when its reader stops reading", async () => {
    const child = spawn(process.execPath, [mainPath, "journal", "export", "--raw"], {
      env: { ...childEnvironment, LOAN_ENGINE_DATABASE_URL: path },
      stdio: ["ignore", "pipe", "pipe"],
    })
    child.stdout.destroy()
    const complaints: Array<string> = []
    child.stderr.on("data", (data: Uint8Array) => complaints.push(String(data)))
    expect([await once(child, "exit"), complaints]).toEqual([[0, null], []])
  })

  it("reads no more rows while a write is not finished", async () => {
    const large = join(directory, "large.sqlite")
    const body = "x".repeat(30_000)
    const said = { source: "callback", evidence: "none", events: [], body } as const
    await onStore(
      large,
      Effect.forEach(["A", "B", "C", "D", "E", "F"], (loan) => say(loan, 1_000, said)),
    )
    const writes: Array<"begun" | "done"> = []
    const slow = (_text: string) =>
      Effect.gen(function* () {
        writes.push("begun")
        yield* Effect.yieldNow
        writes.push("done")
      })
    await onStore(large, exportJournal({ after: 0, loan: undefined, withRaw: true }, slow))
    expect(writes).toEqual(["begun", "done", "begun", "done", "begun", "done"])
  })
})
