import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runCli } from "./run-cli.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-play-"))
afterAll(() => rmSync(directory, { recursive: true }))

const written = (name: string, steps: unknown, more: object = {}): string => {
  const path = join(directory, name)
  writeFileSync(path, JSON.stringify({ name: "A life", story: "It is told.", steps, ...more }))
  return path
}
const play = (...files: ReadonlyArray<string>) => runCli(["play", ...files], {})

describe("play", () => {
  it("plays a life step by step, and reports that it is right", async () => {
    const path = written("right.json", [
      { bank: { decision: "APPROVED", offer: 10_000 } },
      { callback: { says: "approved", offer: 10_000, times: 2 } },
      { close: "withdrawn" },
      { stands: { stage: "approved", offer: 10_000, closed: true } },
    ])
    const { code, out, err } = await play(path)
    expect([code, err]).toEqual([0, ""])
    expect(out.trim().split("\n")).toEqual([
      "A life",
      "It is told.",
      "  the bank decides APPROVED, offers 10000",
      "  a callback reports: approved, offer 10000, arrives 2 times",
      "  an operator closes the loan: withdrawn",
      "  the engine must know: stage = approved; offer = 10000; closed = true",
      "",
      "1 of 1 lives are right",
    ])
  })

  it.each<[string, unknown, object, RegExp]>([
    ["a step that there is none of", [{ waits: 3 }], {}, /contains no life: /u],
    ["no step", [], {}, /contains no life: /u],
    ["a member that means nothing", [{ ask: true }], { author: "Ada" }, /contains no life: /u],
  ])("refuses a file with %s, and says where", async (_name, steps, more, expected) => {
    const { code, err } = await play(written("wrong.json", steps, more))
    expect([code, err]).toEqual([2, expect.stringMatching(expected)])
  })

  it("refuses a file that is not there", async () => {
    const { code, err } = await play(join(directory, "none.json"))
    expect([code, err]).toEqual([2, expect.stringContaining("none.json cannot be read")])
  })

  it("names the step that the engine refuses", async () => {
    const { code, out, err } = await play(
      written("refused.json", [{ callback: { says: "approved" } }, { reopen: true }]),
    )
    expect([code, out]).toEqual([1, expect.not.stringContaining("are right")])
    expect(err).toContain('wrong: "A life", step 2: ')
    expect(err).toContain("loan-engine: 1 of 1 lives went wrong")
  })
})
