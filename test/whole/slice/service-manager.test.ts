import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { startEngine } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-manager-"))
afterAll(() => rmSync(directory, { recursive: true }))

it("a service manager that cannot be notified is named in the log, and the engine still serves and stops", async () => {
  const engine = await startEngine(join(directory, "loans.sqlite"), {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    NOTIFY_SOCKET: join(directory, "nobody-listens"),
    // The path has no `systemd-notify`.
    PATH: directory,
  })
  await expect.poll(() => engine.written()).toContain("systemd-notify must be installed")
  expect((await engine.api("GET", "/health/ready")).status).toBe(200)
  expect(await engine.stop()).toBe(0)
})
