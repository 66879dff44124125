import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Cause, Effect, Exit } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { exitCodeOf, exitCodes } from "@loan-engine/app/cli/exit-codes"
import { liveOn, onStore, verifyFile } from "./lived-store.ts"
import { runCommand } from "./run-command.ts"
import { TamperedFile } from "./tampered-file.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-commands-"))
const path = join(directory, "sound.sqlite")
const tampered = join(directory, "tampered.sqlite")
let anchor = ""
beforeAll(async () => {
  await liveOn(path, { tail: true })
  const { newestCheckpoint } = await verifyFile(path)
  anchor = `${newestCheckpoint?.number}:${newestCheckpoint?.hash}`
  copyFileSync(path, tampered)
  const file = new TamperedFile(tampered)
  file.run("UPDATE loans SET snapshot = replace(snapshot, '\"registered\":true', '\"registered\":false')")
  file.run("UPDATE journal SET hash = 'beep \u{7}' WHERE position = 3")
  file.database.close()
})
afterAll(() => rmSync(directory, { recursive: true }))

describe("loan-engine journal verify and replay", () => {
  it("end with 0 on a sound store, and show the unsealed rows and the checkpoint to keep", async () => {
    const verified = await runCommand(path, "journal", "verify", "--anchor", anchor, "--anchor", anchor)
    expect(verified).toMatchObject({ code: exitCodes.done, stderr: "" })
    expect(verified.stdout).toContain(": sound")
    expect(verified.stdout).toContain("12 rows after position 55 are not sealed yet")
    expect(verified.stdout).toContain(`--anchor ${anchor}`)
    expect(await runCommand(path, "journal", "replay")).toMatchObject({ code: exitCodes.done, stderr: "" })
  })

  it("end with 1 on findings, name each, and escape all texts from the store", async () => {
    const verified = await runCommand(tampered, "journal", "verify")
    expect(verified.code).toBe(exitCodes.wrong)
    expect(verified.stdout).toContain(
      "hash-mismatch  loan loan-2  version 1  position 3: its text has the hash",
    )
    expect(verified.stdout).toContain(String.raw`beep \u0007`)
    expect(verified.stderr).toContain("altered or damaged")
    const replayed = await runCommand(tampered, "journal", "replay", "--json")
    expect(replayed.code).toBe(exitCodes.wrong)
    expect(JSON.parse(replayed.stdout)).toMatchObject({
      sound: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ code: "replay-snapshot", message: expect.stringContaining("registered") }),
      ]),
    })
    expect(replayed.stdout + verified.stdout).not.toContain("private words")
  })

  it.each(["verify", "replay"])(
    "end with 2 on an empty store, and do not call it sound: %s",
    async (command) => {
      const empty = join(directory, `empty-${command}.sqlite`)
      await onStore(empty, Effect.void)
      const looked = await runCommand(empty, "journal", command, "--json")
      expect(looked).toMatchObject({
        code: exitCodes.unusable,
        stderr: expect.stringContaining("The store is empty"),
      })
      expect(JSON.parse(looked.stdout)).toMatchObject({ sound: null, rows: 0, findings: [] })
    },
  )

  it("end with 1 when the checkpoint that was kept elsewhere differs", async () => {
    const other = anchor.replace(/.$/u, (digit) => (digit === "0" ? "1" : "0"))
    const verified = await runCommand(path, "journal", "verify", "--json", "--anchor", other)
    expect(verified.code).toBe(exitCodes.wrong)
    expect(JSON.parse(verified.stdout)).toMatchObject({ findings: [{ code: "anchor-mismatch" }] })
  })

  it.each([
    [
      "a store that is not there",
      ["journal", "verify", "--database", "/nowhere/at/all.sqlite"],
      "There is no file",
    ],
    [
      "a server that is not supported yet",
      ["journal", "replay", "--database", "postgres://db"],
      "PostgreSQL",
    ],
    ["an anchor that is none", ["journal", "verify", "--anchor", "7:short"], "64 hex digits"],
    ["a flag that is not known", ["journal", "verify", "--fast"], "--fast"],
    ["no name and no reason", ["journal", "redact", "loan-1"], "--by"],
    [
      "a reference that is none",
      ["journal", "redact", " x ", "--by", "Ada", "--reason", "x"],
      "outer white space",
    ],
  ])("end with 2 on %s", async (_name, parameters, says) => {
    const ended = await runCommand(path, ...parameters)
    expect(ended.code).toBe(exitCodes.unusable)
    expect(ended.stderr).toContain(says)
  })

  it("end with 130 and without a verdict on a signal; for an engine a signal is a normal end", () => {
    const interrupted = Exit.failCause(Cause.interrupt(1))
    expect(exitCodeOf(interrupted, ["journal", "verify"])).toBe(exitCodes.interrupted)
    expect(exitCodeOf(interrupted, ["serve"])).toBe(exitCodes.done)
    expect(exitCodeOf(Exit.die("a defect"), ["journal", "verify"])).toBe(exitCodes.wrong)
  })
})
