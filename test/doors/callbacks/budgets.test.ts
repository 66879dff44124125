import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-held-"))
afterAll(() => rmSync(directory, { recursive: true }))

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

describe("callbacks without evidence", () => {
  it("are limited during any other requests, and the log reports their refusal once", async () => {
    const engine = await startEngine(join(directory, "loans.sqlite"), {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: "",
      LOAN_ENGINE_CALLBACKS_HELD_PER_MINUTE_MAX: "1",
    })
    const told: Array<number> = []
    // The first API key has the same name as the first account. The API's requests have their own limit, which must
    // not affect the account's callbacks.
    for (let number = 0; number < 20; number++) {
      expect((await engine.api("GET", "/v1/loans")).status).toBe(200)
      told.push((await engine.callback(signed(`junk-${number}`))).status)
    }
    expect(told[0]).toBe(202)
    expect(told.filter((status) => status === 503).length).toBeGreaterThan(told.length / 2)
    expect(
      engine.written().match(/a callback was refused","account":"default","code":"held-too-many"/gu),
    ).toHaveLength(1)
    expect(await engine.stop()).toBe(0)
  })
})
