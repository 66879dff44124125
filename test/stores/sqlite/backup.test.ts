import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest"
import { event } from "../../doors/api/api-call.ts"
import { openEvents } from "../../doors/api/event-stream.ts"
import { letOneRest, restless } from "../../engine/journal/lived-store.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

const root = mkdtempSync(join(tmpdir(), "loan-engine-backup-"))
let directory: string
let store: string
let file: string
let engine: EngineProcess | undefined
beforeEach(() => {
  directory = mkdtempSync(join(root, "store-"))
  store = join(directory, "loans.sqlite")
  file = join(directory, "backup.sqlite")
})
afterEach(async () => {
  await engine?.kill()
  engine = undefined
})
afterAll(() => rmSync(root, { recursive: true }))

/** When the engine stops, it seals the journal and keeps its newest checkpoint as an anchor. */
const start = async () => (engine = await startEngine(store, { LOAN_ENGINE_STOP_DRAIN_MS: "1" }))
const stop = async () => {
  expect(await engine?.stop()).toBe(0)
  engine = undefined
}
const command = (...args: ReadonlyArray<string>) => runCli([...args], { LOAN_ENGINE_DATABASE_URL: store })
const backUp = () => command("backup", "--to", file, "--json")
const send = async (running: EngineProcess, reference: string) =>
  expect((await running.callback(event(reference, "SIGNED"))).status).toBe(200)
const isKnown = async (running: EngineProcess, reference: string) =>
  (await running.api("GET", `/v1/loans/${reference}`)).status === 200
/** Moves the files that a lost disk would take away. The anchors are elsewhere. */
function loseStore(): void {
  for (const name of readdirSync(directory).filter((each) => each.startsWith("loans.sqlite"))) {
    renameSync(join(directory, name), join(directory, `lost-${name}`))
  }
}
function alter(path: string): void {
  const database = new DatabaseSync(path)
  database.exec("UPDATE loans SET stage = 'paidOut'")
  database.close()
}

describe("a backup", () => {
  it("is sound, and can be restored, if a loan rests by shorter horizons than the defaults", async () => {
    await letOneRest(store)
    // The loan's row says that it rests, so a shell without the engine's settings knows it too.
    expect(await runCli(["journal", "verify", "--database", store], {})).toMatchObject({ code: 0 })
    // An earlier engine did not write that. Then the settings tell.
    const database = new DatabaseSync(store)
    database.exec("UPDATE loans SET watermark = json_remove(watermark, '$.restedAt')")
    database.close()
    const unknown = await runCli(["journal", "verify", "--database", store], {})
    expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining("schedule-lost") })
    const settings = { LOAN_ENGINE_DATABASE_URL: store, ...restless }
    expect(await runCli(["backup", "--to", file], settings)).toMatchObject({ code: 0 })
    loseStore()
    expect(await runCli(["restore", "--from", file], settings)).toMatchObject({ code: 0 })
  })

  it("leaves a file alone that got its name while it was being proven", async () => {
    await send(await start(), "before")
    const watcher = watch(directory, (_, name) => {
      if (name === "backup.sqlite.partial" && !existsSync(file)) writeFileSync(file, "another file")
    })
    const { code, err } = await backUp()
    watcher.close()
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`${file} exists already`) })
    expect(readFileSync(file, "utf8")).toBe("another file")
    expect(existsSync(`${file}.partial`)).toBe(false)
  })

  it("has everything that was acknowledged before it, beside an engine under load, and proves itself", async () => {
    const running = await start()
    await send(running, "before")
    const over = new AbortController()
    const sending = (async () => {
      for (let sent = 0; !over.signal.aborted; sent++) await send(running, `meanwhile-${sent}`)
    })()
    const { code, out } = await backUp()
    over.abort()
    await sending
    expect(code).toBe(0)
    const proof = JSON.parse(out) as {
      readonly rows: number
      readonly digest: string
      readonly bytes: number
    }
    expect(proof.digest).toMatch(/^[0-9a-f]{64}$/u)
    expect(statSync(file)).toMatchObject({ size: proof.bytes })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory).filter((name) => name.startsWith("backup"))).toEqual(["backup.sqlite"])
    const kept = new DatabaseSync(file, { readOnly: true })
    expect(kept.prepare("SELECT application_reference FROM loans").all()).toContainEqual({
      application_reference: "before",
    })
    expect(kept.prepare("SELECT count(*) AS rows FROM journal").get()).toEqual({ rows: proof.rows })
    kept.close()
  })

  it("is never written over a file, and never made of a changed store", async () => {
    await send(await start(), "loan")
    writeFileSync(file, "another")
    expect(await backUp()).toMatchObject({
      code: 2,
      err: expect.stringContaining("exists already, so nothing was written"),
    })
    rmSync(file)
    await stop()
    alter(store)
    expect(await backUp()).toMatchObject({ code: 1, err: expect.stringContaining("The file was altered") })
    expect(readdirSync(directory).filter((name) => name.startsWith("backup"))).toEqual([])
  })

  it("is made even if an earlier one was interrupted", async () => {
    await send(await start(), "loan")
    writeFileSync(`${file}.partial`, "cut off")
    expect((await backUp()).code).toBe(0)
    expect(existsSync(`${file}.partial`)).toBe(false)
  })

  it("of PostgreSQL is PostgreSQL's own, and the command says so", async () => {
    const url = "postgres://nobody:x@127.0.0.1:1/loans"
    const { code, err } = await runCli(["backup", "--to", file], { LOAN_ENGINE_DATABASE_URL: url })
    expect([code, err]).toEqual([2, expect.stringContaining("docs/backup.md")])
  })
})

describe("a restore", () => {
  it("brings back what was backed up, names what is lost, and readers of the feed are told", async () => {
    let running = await start()
    await send(running, "kept")
    await stop()
    expect((await backUp()).code).toBe(0)
    running = await start()
    await send(running, "lost")
    const followed = await openEvents(`${running.url}/v1/changes?after=0`)
    await followed.positions(1)
    const ahead = await followed.next()
    followed.close()
    await stop()
    loseStore()

    const verified = await command("restore", "--from", file, "--verify")
    expect(verified).toMatchObject({
      code: 0,
      out: expect.stringContaining("the store, which had checkpoint 2 of"),
    })
    expect(existsSync(store)).toBe(false)
    expect(await command("restore", "--from", file)).toMatchObject({
      code: 0,
      out: expect.stringContaining("is restored to"),
    })
    expect(statSync(store).mode & 0o777).toBe(0o600)
    running = await start()
    expect([await isKnown(running, "kept"), await isKnown(running, "lost")]).toEqual([true, false])
    expect(running.written()).toContain("the store is older than its anchors")
    const answer = await running.api("GET", `/v1/changes?after=${ahead?.id}`)
    expect([answer.status, await answer.json()]).toEqual([
      410,
      expect.objectContaining({ code: "cursor-unknown" }),
    ])
    await send(running, "lost")
    expect(await isKnown(running, "lost")).toBe(true)
  })

  it("is refused if there is a store or its log, or a running engine", async () => {
    await send(await start(), "loan")
    expect((await backUp()).code).toBe(0)
    const refused = async () => (await command("restore", "--from", file)).err
    expect(await refused()).toContain("Another loan engine is running")
    await stop()
    expect(await refused()).toContain("exists already, so nothing was written")
    loseStore()
    writeFileSync(`${store}-wal`, "an old log")
    expect(await refused()).toContain(`${store}-wal exists already`)
    rmSync(`${store}-wal`)
    expect((await command("restore", "--from", file)).code).toBe(0)
  })

  it("is refused for a changed backup, or one whose history differs from the anchors", async () => {
    await send(await start(), "loan")
    await stop()
    expect((await backUp()).code).toBe(0)
    loseStore()
    alter(file)
    for (const more of [["--verify"], []]) {
      expect(await command("restore", "--from", file, ...more)).toMatchObject({ code: 1 })
    }
    expect(existsSync(store)).toBe(false)

    const other = join(directory, "other")
    mkdirSync(other)
    const stranger = await startEngine(join(other, "loans.sqlite"), { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    await send(stranger, "of another store")
    await stranger.stop()
    const { code, err } = await command("restore", "--from", join(other, "loans.sqlite"), "--verify")
    expect([code, err]).toEqual([1, expect.stringContaining("anchor-mismatch")])
  })
})
