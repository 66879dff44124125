import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../doors/cli/run-cli.ts"
import { verifyFile } from "../engine/journal/lived-store.ts"
import { startEngine } from "../whole/slice/engine-process.ts"
import { needs } from "./needs.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-read-only-disk-"))
beforeAll(() => needs("strace", "strace"))
afterAll(() => rmSync(directory, { recursive: true }))

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

/** Makes every write of a process to a file fail, as the kernel does after it has made a broken disk read-only. */
async function readOnlyFor(pid: number): Promise<() => Promise<void>> {
  const calls = "pwrite64,pwritev,ftruncate,fallocate"
  const tracer = spawn("strace", ["-f", "-qqq", "-e", `inject=${calls}:error=EROFS`, "-p", String(pid)], {
    stdio: "ignore",
  })
  await once(tracer, "spawn")
  return async () => {
    tracer.kill("SIGINT")
    await once(tracer, "exit")
  }
}

describe("a disk that turns read-only under a running engine", () => {
  it("503, not ready, the reason in the log and by doctor; nothing acknowledged is lost, and the engine continues when it can write", async () => {
    const path = join(directory, "loans.sqlite")
    const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    const acknowledged: Array<string> = []
    const call = async () => {
      const reference = `loan-${acknowledged.length}`
      const { status } = await engine.callback(signed(reference))
      if (status === 200) acknowledged.push(reference)
      return status
    }
    expect(await call()).toBe(200)
    const release = await readOnlyFor(engine.pid)
    await expect.poll(call).toBe(503)
    await expect.poll(async () => (await engine.api("GET", "/health/ready")).status).toBe(503)
    expect(engine.written()).toContain("The disk refused to read or write")
    const { out } = await runCli(["doctor", "--json"], {
      LOAN_ENGINE_DATABASE_URL: path,
      LOAN_ENGINE_PORT: new URL(engine.url).port,
    })
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ name: "engine", state: "failed" }))
    await release()
    await expect.poll(call).toBe(200)
    await expect.poll(async () => (await engine.api("GET", "/health/ready")).status).toBe(200)
    for (const reference of acknowledged) {
      expect((await engine.api("GET", `/v1/loans/${reference}`)).status).toBe(200)
    }
    expect(await engine.stop()).toBe(0)
    expect(await verifyFile(path)).toMatchObject({ loans: acknowledged.length, findings: [] })
  })
})
