import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { LoanStore, StoreUnusable } from "@loan-engine/app/ports/loan-store"
import { schemaVersion } from "@loan-engine/app/store/sqlite/schema"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { runCommand } from "../../engine/journal/run-command.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { writeVersion1 } from "./version-1.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-migration-"))
afterAll(() => rmSync(directory, { recursive: true }))

const setVersion = (path: string, version: number): void => {
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA user_version = ${version}`)
  database.close()
}

describe("a file of an earlier version", () => {
  it("is migrated by `loan-engine migrate`, which reports it, but not by a command that reads or redacts", async () => {
    const path = join(directory, "command.sqlite")
    writeVersion1(path, 3)
    const before = readFileSync(path)
    for (const command of [["verify"], ["redact", "loan-1", "--by", "Ada", "--reason", "x"]]) {
      const refused = await runCommand(path, "journal", ...command)
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("loan-engine migrate") })
    }
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(await runCommand(path, "migrate")).toMatchObject({
      code: 0,
      stdout: `${path}: from version 1 to ${schemaVersion}\n`,
    })
    expect(await runCommand(path, "migrate", "--json")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`"from":${schemaVersion}`),
    })
    expect(await runCommand(path, "journal", "verify")).toMatchObject({ code: 0 })
  })
})

describe("a file of another program is refused, and stays unchanged", () => {
  const refusal = async (path: string): Promise<StoreUnusable> => {
    const before = readFileSync(path)
    const layer = layerSqlite({ path, ...sqliteDefaults })
    const error = await Effect.runPromise(Effect.flip(Effect.provide(Effect.asVoid(LoanStore), layer)))
    expect(error).toBeInstanceOf(StoreUnusable)
    expect(readFileSync(path).equals(before)).toBe(true)
    return error
  }

  it("when a newer program wrote it", async () => {
    const path = join(directory, "newer.sqlite")
    writeVersion1(path, 1)
    setVersion(path, schemaVersion + 1)
    expect((await refusal(path)).message).toContain("newer loan engine")
    for (const command of [["migrate"], ["journal", "verify"], ["journal", "export"]]) {
      const ended = await runCommand(path, ...command)
      expect(ended).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringContaining("newer loan engine"),
      })
    }
  })

  it("when another program wrote it", async () => {
    const path = join(directory, "foreign.sqlite")
    const database = new DatabaseSync(path)
    database.exec("CREATE TABLE recipes (name TEXT)")
    database.close()
    expect((await refusal(path)).message).toContain("another program")
  })
})

describe("an engine that runs", () => {
  it("prevents migrations of its file and a second engine, and is not disturbed", async () => {
    const path = join(directory, "running.sqlite")
    const engine = await startEngine(path)
    expect(await runCommand(path, "migrate")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is running on"),
    })
    const second = await runCommand(path, "start", "--database", path, "--once", "--loans", "1")
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Another loan engine is running"),
    })
    expect((await fetch(`${engine.url}/health/ready`)).status).toBe(200)
    expect(await engine.stop()).toBe(0)
  })
})
