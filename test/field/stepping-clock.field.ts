import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runCli } from "../doors/cli/run-cli.ts"
import { verifyFile } from "../engine/journal/lived-store.ts"
import { startEngine } from "../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-stepping-"))
afterAll(() => rmSync(directory, { recursive: true }))

function fakeTimeLibrary(): string {
  const [library] = globSync("/usr/lib/*/faketime/libfaketime.so.1")
  if (library === undefined) {
    throw new Error("libfaketime is not installed: apt-get install libfaketime")
  }
  return library
}

const signed = (reference: string, type = "SIGNED"): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: type },
  })

describe("a clock that steps", () => {
  it("a day on, a day back and a year on: every callback is kept and counts, and the journal stays sound", async () => {
    const path = join(directory, "loans.sqlite")
    const clock = join(directory, "clock")
    const set = (offset: string): void => writeFileSync(clock, `${offset}\n`)
    set("+0")
    const engine = await startEngine(path, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LD_PRELOAD: fakeTimeLibrary(),
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    })
    const steps = ["+0", "+1d", "-1d", "+365d", "+0", "-365d", "+0"]
    for (const [index, offset] of steps.entries()) {
      set(offset)
      expect((await engine.callback(signed(`loan-${index}`))).status).toBe(200)
      expect((await engine.callback(signed("always", index % 2 === 0 ? "SIGNED" : "PAID_OUT"))).status).toBe(
        200,
      )
      expect((await engine.api("GET", `/v1/loans/loan-${index}`)).status).toBe(200)
      expect((await fetch(`${engine.url}/health/ready`)).status).toBe(200)
    }
    // The journal keeps the clock's time, which shows that the clock did jump.
    const history = await engine.api("GET", "/v1/loans/loan-3/history")
    const [entry] = (await history.json()) as ReadonlyArray<{ readonly receivedAt: string }>
    expect(new Date(entry?.receivedAt ?? 0).getUTCFullYear()).toBeGreaterThan(new Date().getUTCFullYear())
    expect(await (await engine.api("GET", "/v1/loans/always")).json()).toMatchObject({ stage: "paidOut" })
    expect(await engine.stop()).toBe(0)
    expect((await verifyFile(path)).findings).toEqual([])
    expect((await runCli(["journal", "replay"], { LOAN_ENGINE_DATABASE_URL: path })).code).toBe(0)
  })
})
