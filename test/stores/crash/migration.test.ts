import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { schemaVersion } from "@loan-engine/app/store/sqlite/schema"
import { schemaVersionIn } from "@loan-engine/app/store/sqlite/stamp"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { childEnvironment, mainPath } from "../../checkout.ts"
import { replayFile, verifyFile } from "../../engine/journal/lived-store.ts"
import { runCommand } from "../../engine/journal/run-command.ts"
import { propertySeed } from "../../proof/properties/settings.ts"
import { seeded } from "../../proof/simulation/seeded.ts"
import { rowsOfVersion1, writeVersion1 } from "../sqlite/version-1.ts"

/** With this number of loans, a migration takes much longer than a check whether it has begun. */
const loans = 4_000
/** How many migrations are killed. */
const kills = 4

const directory = mkdtempSync(join(tmpdir(), "loan-engine-migration-crash-"))
const template = join(directory, "template.sqlite")
const path = join(directory, "killed.sqlite")
beforeAll(() => writeVersion1(template, loans))
afterAll(() => rmSync(directory, { recursive: true }))

const versionOf = (): number => {
  const database = new DatabaseSync(path, { readOnly: true })
  const version = database.prepare("PRAGMA user_version").get()?.["user_version"]
  const journal = database.prepare("SELECT count(*) AS rows FROM journal").get()?.["rows"]
  const check = database.prepare("PRAGMA integrity_check").get()
  database.close()
  expect([journal, check]).toEqual([rowsOfVersion1(loans), { integrity_check: "ok" }])
  return schemaVersionIn(Number(version))
}

const versions = Array.from({ length: schemaVersion }, (_, index) => index + 1)

const walSize = (): number => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0

/**
 * Starts a migration, and kills it when its log has this many bytes. The result is whether the migration was still
 * running.
 */
async function killWhileMigrating(bytes: number): Promise<boolean> {
  const child = spawn(process.execPath, [mainPath, "migrate"], {
    env: { ...childEnvironment, LOAN_ENGINE_DATABASE_URL: path },
    stdio: "ignore",
  })
  const exited = once(child, "exit")
  while (walSize() < bytes && child.exitCode === null) await delay(1)
  child.kill("SIGKILL")
  const [, signal] = await exited
  return signal === "SIGKILL"
}

describe("a migration that is killed in its middle", () => {
  it("leaves one complete version; the next migration completes the work", async () => {
    const { between } = seeded(String(propertySeed))
    const size = statSync(template).size
    let before = 0
    // On a busy machine a kill may be too late. So the test continues until one was in time.
    for (let kill = 0; kill < kills || before === 0; kill++) {
      for (const companion of ["", "-wal", "-shm", "-lock"]) rmSync(`${path}${companion}`, { force: true })
      copyFileSync(template, path)
      // A random moment between the first page in the log and about the last page.
      const killed = await killWhileMigrating(kill < kills ? Math.floor(between(1, size)) : 1)
      const version = versionOf()
      // Each version is a separate transaction. So the kill may also come between two versions.
      expect(versions).toContain(version)
      if (killed && version === 1) before++
    }
    expect(await runCommand(path, "migrate")).toMatchObject({ code: 0, stderr: "" })
    const rows = rowsOfVersion1(loans)
    expect(await verifyFile(path)).toMatchObject({ rows, loans, findings: [] })
    expect(await replayFile(path)).toMatchObject({ rows, findings: [] })
  })
})
