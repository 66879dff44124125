import { copyFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-gone-"))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0
const newFile = (): string => join(directory, `loans-${files++}.sqlite`)

const atOnce = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20" }

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
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
  it("acknowledges nothing any more, is not ready, and says why in the log", async () => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    expect((await engine.api("GET", "/health/ready")).status).toBe(200)
    harm(path)
    const refused = await engine.callback(signed("B"))
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true])
    expect((await engine.callback(signed("A"))).status).toBe(503)
    expect((await engine.api("GET", "/health/ready")).status).toBe(503)
    expect(engine.written()).toContain(says)
    await engine.stop()
  })
})

describe("a store that is named by a link", () => {
  it("acknowledges nothing once the log of the file that it leads to is gone", async () => {
    const path = newFile()
    symlinkSync(join(directory, "elsewhere.sqlite"), path)
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    rmSync(join(directory, "elsewhere.sqlite-wal"))
    expect((await engine.callback(signed("B"))).status).toBe(503)
    expect((await engine.api("GET", "/health/ready")).status).toBe(503)
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
  const environment = (path: string) => ({
    LOAN_ENGINE_DATABASE_URL: path,
    LOAN_ENGINE_API_KEY: "a-key-that-nobody-else-has",
    LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  })

  it("is not begun anew: the engine refuses to start and names what remembers the loans", async () => {
    const path = await lived()
    remove(path)
    const { code, err } = await runCli(["serve"], environment(path))
    expect([code, err]).toEqual([2, expect.stringContaining("holds no loans, but it did")])
    expect(err).toContain(`.${path.split("/").at(-1)}-anchors`)
    remove(path)
    rmSync(join(directory, `.${path.split("/").at(-1)}-anchors`))
    const engine = await startEngine(path, atOnce)
    expect(await engine.stop()).toBe(0)
  })

  it("is seen to be older than it was where an older copy was put in its place, by the start and by verify", async () => {
    const path = await lived()
    copyFileSync(path, `${path}.older`)
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("B"))).status).toBe(200)
    await engine.stop()
    expect(await runCli(["journal", "verify"], environment(path))).toMatchObject({ code: 0 })
    remove(path)
    copyFileSync(`${path}.older`, path)
    const { code, out } = await runCli(["journal", "verify"], environment(path))
    expect([code, out]).toEqual([1, expect.stringContaining("anchor-missing")])
    const again = await startEngine(path, atOnce)
    expect(again.written()).toContain("the store is older than it was")
    await again.stop()
  })

  it("is not called sound where a copy without its log holds nothing", async () => {
    const path = newFile()
    const engine = await startEngine(path, atOnce)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    copyFileSync(path, `${path}.alone`)
    await engine.stop()
    const { out, err } = await runCli(["journal", "verify"], environment(`${path}.alone`))
    expect(out + err).toMatch(/There is nothing in this store|holds no loans yet/u)
    expect(out).not.toContain("sound")
  })
})
