import {
  copyFileSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import type { Anchor } from "@loan-engine/app/journal/anchor"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { Effect } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { liveOn, replayFile, verifyFile } from "../../engine/journal/lived-store.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { runCommand } from "../../engine/journal/run-command.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { propertySeed } from "../../proof/properties/settings.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-damaged-"))
const template = join(directory, "template.sqlite")
const copy = join(directory, "copy.sqlite")
let anchor: Anchor
beforeAll(async () => {
  await liveOn(template, { tail: false })
  const { newestCheckpoint } = await verifyFile(template)
  if (newestCheckpoint === null) throw new Error("the store is sealed")
  anchor = newestCheckpoint
})
afterAll(() => rmSync(directory, { recursive: true }))

const copied = (): void => {
  for (const companion of ["", "-wal", "-shm"]) rmSync(`${copy}${companion}`, { force: true })
  copyFileSync(template, copy)
}

const flip = (offset: number, by: number): void => {
  const byte = readFileSync(copy).at(offset) ?? 0
  const file = openSync(copy, "r+")
  writeSync(file, Uint8Array.of(byte ^ by), 0, 1, offset)
  closeSync(file)
}

/** Everything in the file that counts as evidence. */
function evidenceIn(path: string): ReadonlyArray<unknown> {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    return [
      "SELECT position, application_reference, version, content, raw, hash FROM journal ORDER BY position",
      "SELECT application_reference, account, version, stage, snapshot, chain_head FROM loans ORDER BY application_reference",
      "SELECT * FROM checkpoints ORDER BY number",
    ].map((query) => database.prepare(query).all())
  } finally {
    database.close()
  }
}

/**
 * The verdict of verification and replay on the copy. If they fail, the failure must be a typed error and not a
 * defect.
 */
async function judged(): Promise<"refused" | "found" | "sound"> {
  try {
    const verified = await verifyFile(copy, [anchor])
    const replayed = await replayFile(copy)
    return verified.findingsCount + replayed.findingsCount > 0 ? "found" : "sound"
  } catch (error) {
    expect(error).toMatchObject({ _tag: expect.stringMatching(/^Store(?:Unusable|Unavailable)$/u) })
    return "refused"
  }
}

describe("a file without one of its tables", () => {
  it("is reported as damaged by every command, in its message and its exit code", async () => {
    copied()
    const database = new DatabaseSync(copy)
    database.exec("ALTER TABLE callback_days RENAME TO others")
    database.close()
    const { code, err } = await runCli(["journal", "verify"], { LOAN_ENGINE_DATABASE_URL: copy })
    expect([code, err]).toEqual([5, expect.stringContaining("is damaged: no such table: callback_days")])
  })
})

describe("a damaged file", () => {
  it("is refused, reported, or unchanged in content: never silently wrong, for any changed byte", async () => {
    const size = statSync(template).size
    const seen = { refused: 0, found: 0, harmless: 0 }
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.integer({ min: 1, max: 255 }), async (offset, by) => {
        copied()
        flip(offset, by)
        const outcome = await judged()
        if (outcome !== "sound") return void seen[outcome]++
        expect(evidenceIn(copy)).toEqual(evidenceIn(template))
        seen.harmless++
      }),
      {
        seed: propertySeed,
        numRuns: 250,
        examples: [
          [0, 1],
          [18, 1],
          [30, 4],
          [100, 7],
        ],
      },
    )
    expect(seen.found).toBeGreaterThan(0)
    expect(seen.refused).toBeGreaterThan(0)
  })

  it.each([
    ["no database at all", () => writeFileSync(copy, "dear diary, ".repeat(1_000)), "no SQLite database"],
    ["a truncated one", () => truncateSync(copy, 4_096 * 3), "damaged"],
  ])("%s ends verify, and an engine, with an error that says what to do", async (_name, damage, says) => {
    copied()
    damage()
    const { code, stdout, stderr } = await runCommand(copy, "journal", "verify")
    expect(code).toBeGreaterThan(0)
    expect(`${stdout}${stderr}`).toContain(says)
    expect(stderr).not.toContain("    at ")
    const engine = await runCommand(copy, "start", "--database", copy, "--once", "--loans", "1")
    expect(engine).toMatchObject({ code: 2, stderr: expect.stringContaining(says) })
    expect(engine.stderr).not.toContain("    at ")
  })
})

describe("a page of the loans that is overwritten", () => {
  const damaged = (): void => {
    copied()
    const database = new DatabaseSync(copy, { readOnly: true })
    const found = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'loans'").get()
    database.close()
    const file = openSync(copy, "r+")
    writeSync(file, new Uint8Array(4_096).fill(7), 0, 4_096, (Number(found?.["rootpage"]) - 1) * 4_096)
    closeSync(file)
  }

  it("leaves the engine not ready, with the reason in its log, while callbacks are answered 503", async () => {
    damaged()
    const engine = await startEngine(copy, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    const refused = await engine.callback(
      JSON.stringify({
        externalApplicationEvent: { applicationReference: "B", applicationEventType: "SIGNED" },
      }),
    )
    expect(refused.status).toBe(503)
    expect((await engine.api("GET", "/health/ready")).status).toBe(503)
    expect(engine.written()).toContain("The file is damaged")
    await engine.stop()
  })

  it("is a finding of verify, which has an exit code for it", async () => {
    damaged()
    const { code, stdout } = await runCommand(copy, "journal", "verify")
    expect([code, stdout]).toEqual([5, expect.stringContaining("store-damaged")])
    expect(await runCommand(copy, "journal", "replay")).toMatchObject({ code: 5 })
  })
})

describe("a log that was cut while another process uses it", () => {
  it("is damage for every command: SQLite cannot read what was written", async () => {
    copied()
    const other = new DatabaseSync(copy)
    other.exec("PRAGMA wal_autocheckpoint = 0; UPDATE loans SET poll_attempts = poll_attempts + 1")
    truncateSync(`${copy}-wal`, 32)
    for (const command of ["verify", "replay"]) {
      const { code, stderr } = await runCommand(copy, "journal", command)
      expect(code, stderr).toBe(5)
    }
    other.close()
  })
})

/** Whether the test can make a directory read-only for root too. It needs a mount that only the command sees. */
describe("a file that cannot be written", () => {
  it("is read by connections that are read-only, and refuses their writes", async () => {
    copied()
    const before = readFileSync(copy)
    const error = await Effect.runPromise(
      Effect.flip(
        Effect.provide(
          Effect.flatMap(LoanStore, ({ ready }) => ready),
          layerSqlite({ path: copy, ...sqliteDefaults, readOnly: true }),
        ),
      ),
    )
    expect(error).toMatchObject({
      _tag: "StoreUnavailable",
      message: expect.stringContaining("reading only"),
    })
    expect(readFileSync(copy).equals(before)).toBe(true)
  })
})

describe("a request that a store cannot answer", () => {
  it.each([
    ["journal", "/v1/changes?after=1"],
    ["cursors", "/v1/accounts"],
    ["callback_days", "/v1/accounts"],
    ["loans", "/v1/loans"],
  ])("has its cause in the log if the table %s is missing and %s is requested", async (table, route) => {
    const path = join(directory, `gone-${table}.sqlite`)
    copyFileSync(template, path)
    // The engine's own jobs run much later, so all lines in the log are about the request.
    const engine = await startEngine(path, {
      LOAN_ENGINE_CHECKPOINT_EVERY_MS: "3600000",
      LOAN_ENGINE_CALLBACK_HEALTH_EVERY_MS: "3600000",
    })
    const other = new DatabaseSync(path)
    other.exec(`PRAGMA foreign_keys = OFF; ALTER TABLE ${table} RENAME TO elsewhere`)
    other.close()
    expect((await engine.api("GET", route)).status).toBe(503)
    await expect
      .poll(() => engine.written())
      .toMatch(new RegExp(`answered 503.*no such table: (?:main\\.)?${table}`, "u"))
    await engine.kill()
  })
})
