import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { configFromEnvironment, engineConfig } from "@loan-engine/app/config/config"
import { readSettings } from "@loan-engine/app/config/read-settings"
import type { LoanEngineSettings } from "@loan-engine/app/config/settings"
import { Environment, writtenSource } from "@loan-engine/app/config/sources"
import { Effect, Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"

const directory = mkdtempSync(join(tmpdir(), "settings-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const fileOf = (name: string, content: string): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

const read = (variables: Readonly<Record<string, string>>) =>
  Effect.provideService(configFromEnvironment, Environment, { LOAN_ENGINE_API_KEY: "key", ...variables })
const refusal = async (variables: Readonly<Record<string, string>>): Promise<string> =>
  (await Effect.runPromise(Effect.flip(read(variables)))).message
const written = (settings: LoanEngineSettings) =>
  Effect.flatMap(readSettings([writtenSource(settings, "code")]), engineConfig)

const nordic = {
  LOAN_ENGINE_ACCOUNTS: "se, no,dk,fi",
  LOAN_ENGINE_BANK_URL: "https://bank.example/service",
  ...Object.fromEntries(
    ["SE", "NO", "DK", "FI"].flatMap((account) => [
      [`LOAN_ENGINE_${account}_BANK_USERNAME`, `${account}-user`],
      [`LOAN_ENGINE_${account}_BANK_PASSWORD`, `${account}-password`],
      [`LOAN_ENGINE_${account}_CALLBACK_AUTH_METHOD`, "BASIC"],
      [`LOAN_ENGINE_${account}_CALLBACK_CREDENTIALS`, `${account}-callback`],
    ]),
  ),
}

describe("several accounts", () => {
  it("have their own credentials and currency, and share the shared settings", async () => {
    const { accounts } = await Effect.runPromise(read(nordic))
    const shown = accounts.map(({ name, currency, bank, callbackCredentials }) => ({
      name,
      currency,
      url: bank?.url,
      password: bank && Redacted.value(bank.password),
      callback: callbackCredentials.map(({ credentials }) => Redacted.value(credentials)),
    }))
    const url = "https://bank.example/service"
    expect(shown).toEqual([
      { name: "se", currency: "SEK", url, password: "SE-password", callback: ["SE-callback"] },
      { name: "no", currency: "NOK", url, password: "NO-password", callback: ["NO-callback"] },
      { name: "dk", currency: "DKK", url, password: "DK-password", callback: ["DK-callback"] },
      { name: "fi", currency: "EUR", url, password: "FI-password", callback: ["FI-callback"] },
    ])
  })

  it("may differ from what they share", async () => {
    const own = { LOAN_ENGINE_NO_BANK_URL: "https://norway.example", LOAN_ENGINE_NO_CURRENCY: "EUR" }
    const { accounts } = await Effect.runPromise(read({ ...nordic, ...own }))
    expect(accounts.map(({ bank }) => bank?.url)[1]).toBe("https://norway.example")
    expect(accounts.map(({ currency }) => currency)[1]).toBe("EUR")
  })

  it.each(["BANK_PASSWORD", "CALLBACK_CREDENTIALS", "ALLOW_UNAUTHENTICATED_CALLBACKS"])(
    "never share %s",
    async (setting) => {
      const message = await refusal({ ...nordic, [`LOAN_ENGINE_${setting}`]: "true" })
      expect(message).toContain(`LOAN_ENGINE_${setting} does not say which account it is for`)
      expect(message).toContain(`LOAN_ENGINE_FI_${setting}`)
    },
  )

  it("are each refused with the names of their missing settings", async () => {
    const lacking = (setting: string) => refusal({ ...nordic, [setting]: "" })
    expect(await lacking("LOAN_ENGINE_DK_CALLBACK_CREDENTIALS")).toContain(
      "LOAN_ENGINE_DK_CALLBACK_CREDENTIALS",
    )
    expect(await lacking("LOAN_ENGINE_FI_BANK_PASSWORD")).toContain(
      "LOAN_ENGINE_FI_BANK_PASSWORD belong together",
    )
    const open = { ...nordic, LOAN_ENGINE_ACCOUNTS: "se,no,dk,fi,other" }
    expect(await refusal(open)).toContain("The account other has no setting that proves its callbacks")
  })

  it.each(["se,se", "a-b,a.b", "se,../etc", "se,å", ","])("are refused as %j", async (names) => {
    const message = await refusal({ ...nordic, LOAN_ENGINE_ACCOUNTS: names })
    expect(message).toMatch(/account|does not say|genuine/u)
  })
})

describe("a settings file", () => {
  const settings = {
    databaseUrl: "from-file.sqlite",
    pollRatePerSecond: 7,
    metricsEnabled: false,
    corsOrigins: ["https://shop.example"],
    accounts: { se: { bankUsername: "u", callbackAuthMethod: "BASIC", callbackTrust: { PAID_OUT: "jws" } } },
  }
  const secrets = {
    LOAN_ENGINE_SE_BANK_PASSWORD: "p",
    LOAN_ENGINE_SE_CALLBACK_CREDENTIALS: "Yg==",
    LOAN_ENGINE_SE_BANK_URL: "https://bank.example",
  }

  it("has the same settings as code, and the environment takes precedence", async () => {
    const path = fileOf("settings.json", JSON.stringify({ $schema: "settings.schema.json", ...settings }))
    const config = await Effect.runPromise(
      read({ LOAN_ENGINE_CONFIG_FILE: path, LOAN_ENGINE_POLL_RATE_PER_SECOND: "9", ...secrets }),
    )
    expect(config).toMatchObject({
      database: { path: "from-file.sqlite" },
      poller: { pollRatePerSecond: 9 },
      telemetry: { metrics: { metricsEnabled: false } },
      api: { corsOrigins: ["https://shop.example"] },
      accounts: [{ name: "se", trustPolicy: { PAID_OUT: "jws" }, bank: { username: "u" } }],
    })
  })

  it.each([
    ["not JSON", "{", "is not JSON"],
    ["no object", "[]", "one JSON object"],
    ["a name twice", '{"port":1,"apiKeys":["hidden"],"port":1}', "names port twice"],
    [
      "an account's name twice",
      '{"accounts":{"se":{"bankPassword":"hidden","bankPassword":"other"}}}',
      "names accounts.se.bankPassword twice",
    ],
    ["an account twice", '{"accounts":{"se":{},"se":{}}}', "names accounts.se twice"],
    ["accounts as a list", '{"accounts":["se"]}', "accounts must be an object"],
    ["an unknown name", '{"pollRate":1}', "pollRate is not a setting"],
    [
      "an unknown name of an account",
      '{"accounts":{"se":{"password":"hidden"}}}',
      "accounts.se.password is no",
    ],
    ["a number in a text", '{"pollRatePerSecond":"7"}', "pollRatePerSecond must be a whole number above 0"],
    ["a trust in what there is not", '{"callbackTrust":{"PAID":"jws"}}', "callbackTrust must be a list"],
  ])("with %s is refused, naming it", async (_, content, expected) => {
    const path = fileOf("broken.json", content)
    const message = await refusal({ LOAN_ENGINE_CONFIG_FILE: path })
    expect(message).toContain(expected)
    expect(message).not.toContain("hidden")
  })

  it("that does not exist is named", async () => {
    expect(await refusal({ LOAN_ENGINE_CONFIG_FILE: "/nowhere.json" })).toContain(
      "/nowhere.json cannot be read",
    )
  })
})

describe("the environment", () => {
  const given = { LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC", LOAN_ENGINE_CALLBACK_CREDENTIALS: "Yg==" }

  it("can name a file that contains a secret", async () => {
    const path = fileOf("secret", "s3cret\n")
    const config = await Effect.runPromise(
      read({
        ...given,
        LOAN_ENGINE_BANK_URL: "https://bank.example",
        LOAN_ENGINE_BANK_USERNAME: "u",
        LOAN_ENGINE_BANK_PASSWORD_FILE: path,
      }),
    )
    const [account] = config.accounts
    expect(account?.bank && Redacted.value(account.bank.password)).toBe("s3cret")
    const lost = { ...given, LOAN_ENGINE_METRICS_KEY_FILE: join(directory, "nowhere") }
    expect(await refusal(lost)).toContain("LOAN_ENGINE_METRICS_KEY")
  })

  it("gets all errors at once", async () => {
    const message = await refusal({
      LOAN_ENGINE_PORT: "tcp://10.0.0.1:8080",
      LOAN_ENGINE_POLL_JITTER_PERCENT: "0",
      LOAN_ENGINE_METRICS_ENABLED: "perhaps",
    })
    expect(message.split("\n")).toHaveLength(3)
    expect(message).toContain("enableServiceLinks: false")
  })
})

describe("code", () => {
  it("gets errors with the names in code, and needs no API key", async () => {
    const config = await Effect.runPromise(
      written({ accounts: { se: { callbackAuthMethod: "BASIC", callbackCredentials: ["Yg=="] } } }),
    )
    expect([config.api.apiKeys, config.accounts[0]?.currency]).toEqual([[], "SEK"])
    const message = (await Effect.runPromise(Effect.flip(written({ accounts: { se: {} } })))).message
    expect(message).toContain("accounts.se.callbackAuthMethod")
    const port = (await Effect.runPromise(Effect.flip(written({ port: 70_000 })))).message
    expect(port).toContain("port must be a port from 0 to 65535")
  })
})
