import { configOf } from "@loan-engine/app/config/config"
import type { LoanEngineSettings } from "@loan-engine/app/config/settings"
import { keyOf, newSecret } from "@loan-engine/app/webhooks/signature"
import { readSettings } from "@loan-engine/app/config/read-settings"
import { environmentSource } from "@loan-engine/app/config/sources"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { secret } from "./receiver.ts"

const read = async (settings: LoanEngineSettings) => {
  const result = await Effect.runPromise(
    Effect.result(configOf({ allowUnauthenticatedCallbacks: true, ...settings })),
  )
  return Result.isSuccess(result) ? result.success.webhooks : result.failure.message
}

const urls = { crm: "https://crm.example/hooks" }

describe("the settings of webhooks", () => {
  it("name each endpoint, with one secret or several", async () => {
    const both = { crm: `${secret} whsec_${"A".repeat(32)}`, erp: secret }
    const settings = { webhookUrls: { ...urls, erp: "http://127.0.0.1:9/" }, webhookSecrets: both }
    expect(await read(settings)).toMatchObject({
      endpoints: [{ name: "crm" }, { name: "erp" }],
      limits: { webhookRequestMsMax: 15_000 },
    })
    expect(await read({})).toMatchObject({ endpoints: [] })
  })

  it.each<[string, LoanEngineSettings, RegExp]>([
    ["a URL without a secret", { webhookUrls: urls }, /webhookSecrets has no secret for crm/u],
    [
      "a secret without a URL",
      { webhookSecrets: { crm: secret } },
      /secrets for 1 names without a URL in webhookUrls/u,
    ],
    [
      "a secret of too few bytes",
      { webhookUrls: urls, webhookSecrets: { crm: `whsec_${"A".repeat(28)}` } },
      /webhookSecrets, crm: a secret is whsec_ and 24 to 64 random bytes/u,
    ],
    [
      "one good secret beside a bad one",
      { webhookUrls: urls, webhookSecrets: { crm: `${secret} hunter2` } },
      /webhookSecrets, crm/u,
    ],
    [
      "a URL that others could listen on",
      { webhookUrls: { crm: "http://crm.example/" }, webhookSecrets: { crm: secret } },
      /webhookUrls, crm: its URL must be https/u,
    ],
    [
      "a URL with a password",
      { webhookUrls: { crm: "https://me:hunter2@crm.example/" }, webhookSecrets: { crm: secret } },
      /webhookUrls, crm: its URL must be https/u,
    ],
    [
      "a name that cannot be a name",
      { webhookUrls: { "crm one": urls.crm }, webhookSecrets: { "crm one": secret } },
      /names an endpoint "crm one"/u,
    ],
    [
      "a lease that a round could outlast",
      { webhookLeaseMs: 50_000 },
      /webhookLeaseMs must be at least 4 times webhookRequestMsMax/u,
    ],
  ])("refuse %s, with the setting's name and without a secret", async (_, settings, words) => {
    const message = await read(settings)
    expect(message).toMatch(words)
    expect(message).not.toContain("hunter2")
    expect(message).not.toContain(secret)
  })
})

describe("the variables of webhooks", () => {
  it("are lists of pairs, in which a secret may end in = and no name is repeated", async () => {
    const variables = {
      LOAN_ENGINE_WEBHOOK_URLS: "crm=https://crm.example/?a=b, erp=https://erp.example/",
      LOAN_ENGINE_WEBHOOK_SECRETS: `crm=${secret} ${secret},erp=${secret}`,
    }
    const { engine } = await Effect.runPromise(readSettings([environmentSource(variables)]))
    expect(engine.webhookUrls).toEqual({ crm: "https://crm.example/?a=b", erp: "https://erp.example/" })
    const twice = { LOAN_ENGINE_WEBHOOK_URLS: "crm=https://one.example/,crm=https://two.example/" }
    const { message } = await Effect.runPromise(Effect.flip(readSettings([environmentSource(twice)])))
    expect(message).toMatch(/^LOAN_ENGINE_WEBHOOK_URLS must be .*each once/u)
  })
})

describe("a secret", () => {
  it("has the right form, and is new each time", async () => {
    const [one, two] = await Promise.all([Effect.runPromise(newSecret), Effect.runPromise(newSecret)])
    expect(keyOf(one)).toHaveLength(32)
    expect(one).not.toBe(two)
  })

  it.each([
    ["24 bytes", "A".repeat(32), 24],
    ["64 bytes", Buffer.alloc(64).toString("base64"), 64],
    ["64 bytes without padding", Buffer.alloc(64).toString("base64").replace(/=+$/u, ""), 64],
    ["23 bytes", Buffer.alloc(23).toString("base64"), undefined],
    ["65 bytes", Buffer.alloc(65).toString("base64"), undefined],
    ["base64 for URLs", "-_".repeat(16), undefined],
    ["a newline in it", `${"A".repeat(32)}\n`, undefined],
    ["nothing", "", undefined],
  ])("of %s is one secret or none", (_, text, length) => {
    expect(keyOf(`whsec_${text}`)?.length).toBe(length)
    expect(keyOf(text)).toBeUndefined()
  })
})
