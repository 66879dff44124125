import { execFile } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { openLoanEngine } from "@loan-engine/app"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import { expectReady } from "../../whole/slice/expect-ready.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-gone-"))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
const newFile = (): string => join(directory, `loans-${files++}.sqlite`)

const atOnce = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20" }

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

const environmentOf = (path: string) => ({
  LOAN_ENGINE_DATABASE_URL: path,
  LOAN_ENGINE_API_KEY: apiKey,
  LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
})

const companions = (path: string): ReadonlyArray<string> => ["", "-wal", "-shm"].map((end) => path + end)
const remove = (path: string): void => companions(path).forEach((file) => rmSync(file, { force: true }))

describe.each<[string, (path: string) => void, string]>([
  ["is deleted with all that belongs to it", remove, "was deleted or renamed"],
  ["is renamed", (path) => renameSync(path, `${path}.away`), "was deleted or renamed"],
  [
    "is replaced by a copy",
    (path) => {
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
    "was replaced by another file",
  ],
  ["loses its log", (path) => rmSync(`${path}-wal`), "-wal was deleted or renamed"],
  ["is emptied", (path) => truncateSync(path), "was emptied"],
  [
    "has its log emptied",
    (path) => truncateSync(`${path}-wal`),
    'requests are answered 503","reason":"The store cannot take this now: disk I/O error',
  ],
])("a store whose file %s under a running engine", (_name, harm, says) => {
  it("acknowledges nothing more, is not ready, and logs the reason", async () => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    await expectReady(engine, signed("A"), true)
    harm(path)
    await expectReady(engine, signed("B"), false)
    await expectReady(engine, signed("A"), false)
    expect(engine.written()).toContain(says)
    const { port } = new URL(engine.url)
    const settings = { ...environmentOf(path), LOAN_ENGINE_PORT: port }
    expect((await runCli(["doctor"], settings)).out).toContain("if you send it the key: --with-key")
    const { out } = await runCli(["doctor", "--with-key"], settings)
    expect(out).toMatch(/engine +failed +.* answers 503, store (?:unavailable|slow)/u)
    expect(out).toContain("Do what the reason says")
    await engine.stop()
  })
})

describe("a store whose file is overwritten in place under a running engine", () => {
  // The engine copies its log into the file again and again, so that most rows are in the file itself.
  const copied = { ...atOnce, LOAN_ENGINE_WAL_PAGES_MAX: "8" }
  const filled = async (path: string) => {
    const engine = await startEngine(path, copied)
    for (let loan = 0; loan < 40; loan++) {
      expect((await engine.callback(signed(`A-${loan}`))).status).toBe(200)
    }
    return engine
  }
  /** Overwrites the content of a file and keeps the file, as `cp` does. */
  const overwrite = (path: string, other: string): void => writeFileSync(path, readFileSync(other))

  it.each<[string, (path: string) => Promise<string>]>([
    [
      "another store",
      async () => {
        const other = newFile()
        await (await filled(other)).stop()
        return other
      },
    ],
    [
      "an older copy of itself",
      async (path) => {
        copyFileSync(path, `${path}.older`)
        return `${path}.older`
      },
    ],
    [
      "a file that is not a store",
      async (path) => {
        writeFileSync(`${path}.text`, "loans\n".repeat(10_000))
        return `${path}.text`
      },
    ],
  ])("by %s acknowledges nothing more, is not ready, and logs the reason", async (_name, make) => {
    const path = newFile()
    const engine = await filled(path)
    const other = await make(path)
    for (let loan = 0; loan < 40; loan++) {
      expect((await engine.callback(signed(`B-${loan}`))).status).toBe(200)
    }
    overwrite(path, other)
    await expectReady(engine, signed("C"), false)
    // If the new content is not a store, SQLite notices it too and reports a damaged file or no database. Its cache
    // decides which of the two notices first.
    expect(engine.written()).toMatch(
      /was written over while the engine runs|file is not a database|is malformed|is damaged/u,
    )
    await engine.kill()
  })

  it("continues without an overwrite, while its log is copied into it and commands write too", async () => {
    const path = newFile()
    const engine = await filled(path)
    for (let round = 0; round < 20; round++) {
      expect((await engine.callback(signed(`D-${round}`))).status).toBe(200)
      if (round % 7 === 0) {
        const closing = ["close", `D-${round}`, "superseded", "--by", "Ada"]
        expect(await runCli(closing, environmentOf(path))).toMatchObject({ code: 0 })
      }
    }
    expect((await engine.api("GET", "/health/ready")).status).toBe(200)
    expect(await engine.stop()).toBe(0)
    expect(await runCli(["journal", "verify"], environmentOf(path))).toMatchObject({ code: 0 })
  })
})

/** Runs SQL on the file in another process. The result is the error that this process gets. */
const wanting = (file: string, sql: string): Promise<string> => {
  const program = "new (require('node:sqlite').DatabaseSync)(process.argv[1]).exec(process.argv[2])"
  return promisify(execFile)(process.execPath, ["--eval", program, file, sql]).then(
    () => "it has it",
    (error: { readonly stderr: string }) => error.stderr,
  )
}
const wantsStore = (path: string) =>
  wanting(path, "PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM loans")
const wantsLock = (path: string) => wanting(`${path}-lock`, "BEGIN IMMEDIATE")

describe("the locks of a store", () => {
  it("are held while the engine runs: no other program can lock its file", async () => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    expect(await wantsStore(path)).toContain("database is locked")
    expect(await wantsLock(path)).toContain("database is locked")
    await engine.stop()
    expect([await wantsStore(path), await wantsLock(path)]).toEqual(["it has it", "it has it"])
  })

  it("stay with the first of two engines in one process", async () => {
    const path = newFile()
    const settings = { databaseUrl: path, allowUnauthenticatedCallbacks: true, stopDrainMs: 1 }
    const first = await openLoanEngine(settings)
    await expect(openLoanEngine(settings)).rejects.toThrow("Another loan engine is running")
    expect(await wantsStore(path)).toContain("database is locked")
    expect(await wantsLock(path)).toContain("database is locked")
    await first.close()
  })

  it("stop the engine if the lock file is gone: it acknowledges nothing, because a second engine could start", async () => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    rmSync(`${path}-lock`)
    await expectReady(engine, signed("B"), false)
    expect(engine.written()).toContain("a second engine could start on its store")
    await engine.stop()
  })
})

describe("a store that is named by a link", () => {
  it("acknowledges nothing after the log of the linked file is gone", async () => {
    const path = newFile()
    symlinkSync(join(directory, "elsewhere.sqlite"), path)
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    rmSync(join(directory, "elsewhere.sqlite-wal"))
    await expectReady(engine, signed("B"), false)
    expect(engine.written()).toContain("-wal was deleted or renamed")
    await engine.stop()
  })
})

describe("a store that is gone while no engine runs", () => {
  const lived = async (): Promise<string> => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    expect(await engine.stop()).toBe(0)
    return path
  }
  it("is not created again: the engine refuses to start and names the file that remembers the loans", async () => {
    const path = await lived()
    remove(path)
    const { code, err } = await runCli(["serve"], environmentOf(path))
    expect([code, err]).toEqual([2, expect.stringContaining("contains no loans, but it once did")])
    expect(err).toContain(`.${path.split("/").at(-1)}-anchors`)
    expect(companions(path).filter((file) => existsSync(file))).toEqual([])
    const examined = await runCli(["doctor"], environmentOf(path))
    expect([examined.code, examined.out]).toEqual([1, expect.stringContaining("but it once did")])
    rmSync(join(directory, `.${path.split("/").at(-1)}-anchors`))
    const engine = await startEngine(path, atOnce)
    expect(await engine.stop()).toBe(0)
  })

  it("is recognised as older if an older copy replaced it, by the start and by verify", async () => {
    const path = await lived()
    copyFileSync(path, `${path}.older`)
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("B"))).status).toBe(200)
    await engine.stop()
    expect(await runCli(["journal", "verify"], environmentOf(path))).toMatchObject({ code: 0 })
    remove(path)
    copyFileSync(`${path}.older`, path)
    const { code, out } = await runCli(["journal", "verify"], environmentOf(path))
    expect([code, out]).toEqual([1, expect.stringContaining("anchor-missing")])
    const again = await startEngine(path, atOnce)
    expect(again.written()).toContain("the store is older than its anchors")
    await again.stop()
  })

  it("is not reported as sound if a copy without its log is empty", async () => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    copyFileSync(path, `${path}.alone`)
    await engine.stop()
    const { code, out, err } = await runCli(["journal", "verify"], environmentOf(`${path}.alone`))
    expect([code, out + err]).toEqual([2, expect.stringMatching(/The store is empty|has no loans yet/u)])
    expect(out).not.toContain("sound")
  })
})
