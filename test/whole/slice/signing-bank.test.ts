import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openBankKey, signedCallbacks } from "../../bench/signed-callbacks.ts"
import type { BankKey } from "../../bench/signed-callbacks.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import { callbackAuthorization, startEngine } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-signing-"))
let key: BankKey
beforeAll(async () => {
  key = await openBankKey()
})
afterAll(() => {
  key.close()
  rmSync(directory, { recursive: true })
})

const unsigned = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

describe("one signed callback", () => {
  it("is one entry for any spelling of its body", async () => {
    const engine = await startEngine(join(directory, "spellings.sqlite"), {
      LOAN_ENGINE_JWKS_URL: key.jwksUrl,
    })
    const [signed = ""] = await signedCallbacks(key.privateJwk, 1)
    const members: Record<string, unknown> = JSON.parse(signed)
    const spellings = [
      signed,
      ` ${signed}`,
      JSON.stringify(members, null, 2),
      JSON.stringify({ ...members, more: 1 }),
    ]
    for (const spelling of spellings) expect((await engine.callback(spelling)).status).toBe(200)
    const { applicationReference } = members["externalApplicationEvent"] as { applicationReference: string }
    const answer = await engine.api("GET", `/v1/loans/${applicationReference}/history`)
    expect(await answer.json()).toMatchObject([{ evidence: "jws", repeats: spellings.length - 1 }])
    await engine.stop()
  })
})

describe("an account with credentials and a key set", () => {
  it("accepts credentials until its bank signs once; afterwards, also after a restart, callbacks with credentials alone are held", async () => {
    const path = join(directory, "loans.sqlite")
    const environment = {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_JWKS_URL: key.jwksUrl,
    }
    const doctor = async (changed: Readonly<Record<string, string>> = {}) => {
      const { out } = await runCli(["doctor", "--json"], {
        ...environment,
        ...changed,
        LOAN_ENGINE_DATABASE_URL: path,
        LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
        LOAN_ENGINE_CALLBACK_CREDENTIALS: Buffer.from("bank:sixteen-letters!").toString("base64"),
        LOAN_ENGINE_CALLBACK_TRUST: "PAID_OUT=jws",
      })
      expect(out).toContain("PAID_OUT is believed only with a signature")
      return out
    }
    const engine = await startEngine(path, environment)
    expect((await engine.callback(unsigned("A"))).status).toBe(200)
    expect(await doctor()).toContain("until the engine first sees a signature of the bank")
    const [signed = ""] = await signedCallbacks(key.privateJwk, 1)
    expect((await engine.callback(signed)).status).toBe(200)
    const held = await engine.callback(unsigned("B"))
    expect([held.status, await held.json()]).toEqual([
      202,
      { disposition: "held", reason: "signature-missing" },
    ])
    expect(engine.written()).toContain("a callback has no signature, but this account's bank signs")
    expect(await engine.stop()).toBe(0)
    expect(await doctor()).toContain("the callback credentials and the bank's signing key")
    const again = await startEngine(path, environment)
    expect((await again.callback(unsigned("C"))).status).toBe(202)
    expect(await again.stop()).toBe(0)
    const ignoring = await startEngine(path, { ...environment, LOAN_ENGINE_JWKS_URL: "" })
    expect((await ignoring.callback(unsigned("D"))).status).toBe(200)
    expect(ignoring.written()).toContain("no key set is configured, so signatures are ignored")
    expect(await doctor({ LOAN_ENGINE_JWKS_URL: "" })).toContain("its signatures are ignored")
    expect(await ignoring.stop()).toBe(0)
  })
})

describe("callback credentials with a short secret", () => {
  it("are named by the doctor, and at the start of an engine that other machines can reach", async () => {
    const path = join(directory, "short.sqlite")
    const credentials = {
      LOAN_ENGINE_DATABASE_URL: path,
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: callbackAuthorization.replace("Basic ", ""),
    }
    const open = { LOAN_ENGINE_HOST: "0.0.0.0", LOAN_ENGINE_API_KEY: "a-key-of-more-than-sixteen-letters" }
    const engine = await startEngine(path, open)
    await expect.poll(() => engine.written()).toContain("so short that somebody can guess them")
    expect((await runCli(["doctor", "--json"], credentials)).out).toContain("so somebody can guess them")
    expect(await engine.stop()).toBe(0)
  })
})
