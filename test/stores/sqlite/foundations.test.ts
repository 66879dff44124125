import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sqliteWeaknesses } from "@loan-engine/app/store/sqlite/weaknesses"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startPostgres, startWithoutChecksums } from "../postgres/server.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-foundations-"))
afterAll(() => rmSync(directory, { recursive: true }))

const atOnce = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20" }
const signed = JSON.stringify({
  externalApplicationEvent: { applicationReference: "A", applicationEventType: "SIGNED" },
})

const durabilityOf = async (url: string): Promise<unknown> => {
  const report: unknown = await (await fetch(`${url}/health/ready`)).json()
  return report
}
const doctorOn = async (database: string): Promise<string> =>
  (await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: database })).out

/** Windows has no file modes. */
const hasModes = process.platform !== "win32"

describe.runIf(hasModes)("a store's files", () => {
  it("are accessible only to the engine: the file, its log and index, its lock, its anchors", async () => {
    const path = join(directory, "own.sqlite")
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed)).status).toBe(200)
    const anchors = join(directory, ".own.sqlite-anchors")
    await expect.poll(() => existsSync(anchors)).toBe(true)
    const files = [path, `${path}-wal`, `${path}-shm`, `${path}-lock`, anchors]
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual(files.map(() => 0o600))
    await engine.stop()
  })

  it("that others may read are named in the log, in readiness and by doctor", async () => {
    const path = join(directory, "open.sqlite")
    writeFileSync(path, "", { mode: 0o644 })
    chmodSync(path, 0o644)
    const engine = await startEngine(path, atOnce)
    expect(engine.written()).toContain(`chmod 600 ${path}`)
    expect(await durabilityOf(engine.url)).toMatchObject({ status: "ready", checks: { durability: "weak" } })
    expect(await doctorOn(path)).toContain(`chmod 600 ${path}`)
    await engine.stop()
  })
})

describe.runIf(hasModes).each(["SQLite", "PostgreSQL"])(
  "an anchors file that others may write, of a store on %s",
  (store) => {
    it("is named in the log, in readiness and by doctor", async () => {
      const server = await startPostgres([])
      onTestFinished(() => server.remove())
      const database = store === "SQLite" ? join(directory, "anchored.sqlite") : await server.newDatabase()
      const anchors = join(directory, `anchors-${store}`)
      writeFileSync(anchors, "")
      chmodSync(anchors, 0o666)
      const engine = await startEngine(database, { ...atOnce, LOAN_ENGINE_ANCHORS_FILE: anchors })
      expect(engine.written()).toContain(`chmod 600 ${anchors}`)
      expect(await durabilityOf(engine.url)).toMatchObject({ checks: { durability: "weak" } })
      const settings = { LOAN_ENGINE_DATABASE_URL: database, LOAN_ENGINE_ANCHORS_FILE: anchors }
      expect((await runCli(["doctor"], settings)).out).toContain(`chmod 600 ${anchors}`)
      await engine.stop()
    })
  },
)

const memory = "/dev/shm"
const hasMemory = existsSync(memory) && statfsSync(memory).type === 0x0102_1994

describe.runIf(hasMemory)("a file system without durable writes", () => {
  it("is named in a warning", () => {
    expect(sqliteWeaknesses(join(memory, "loans.sqlite"))).toEqual([
      expect.stringContaining("/dev/shm is on tmpfs"),
    ])
  })
})

describe("a PostgreSQL server", () => {
  it.each<[string, ReadonlyArray<string> | "without checksums", "weak" | "ok", string]>([
    [
      "that does not sync is named by the log, by readiness and by doctor",
      ["fsync=off"],
      "weak",
      "fsync = off",
    ],
    ["that may tear pages is", ["full_page_writes=off"], "weak", "full_page_writes = off"],
    ["that empties damaged pages is", ["zero_damaged_pages=on"], "weak", "zero_damaged_pages = on"],
    ["that ignores damage is", ["ignore_checksum_failure=on"], "weak", "ignore_checksum_failure = on"],
    ["that cannot notice damage is", "without checksums", "weak", "data_checksums = off"],
    ["that keeps what it acknowledges is not", [], "ok", "found nothing that could lose"],
  ])("%s", async (_name, settings, durability, says) => {
    const server = await (settings === "without checksums"
      ? startWithoutChecksums()
      : startPostgres(settings))
    onTestFinished(() => server.remove())
    const url = await server.newDatabase()
    const engine = await startEngine(url, atOnce)
    expect(await durabilityOf(engine.url)).toMatchObject({ status: "ready", checks: { durability } })
    expect(engine.written().includes("the store is weak")).toBe(durability === "weak")
    expect(await doctorOn(url)).toContain(says)
    await engine.stop()
  })
})

describe("the directory of a store's file", () => {
  it("that does not exist is a failure of doctor's check of the disk", async () => {
    const checks = JSON.parse(await doctorOn(join(directory, "nowhere", "loans.sqlite")))
    expect(checks).toContainEqual(
      expect.objectContaining({ name: "disk", state: "failed", found: expect.stringContaining("ENOENT") }),
    )
  })
})
