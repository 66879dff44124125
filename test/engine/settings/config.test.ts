import { createHash } from "node:crypto"
import { Effect, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { configFromEnvironment } from "@loan-engine/app/config/config"
import { Environment } from "@loan-engine/app/config/sources"
import { traceExportLimitsDefault } from "@loan-engine/app/telemetry/trace-export"
import { databasePlace } from "@loan-engine/app/store/database"

const base = { LOAN_ENGINE_API_KEY: "key", LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC" }
const read = (settings: Readonly<Record<string, string>>) =>
  configFromEnvironment.pipe(Effect.provideService(Environment, { ...base, ...settings }))
const account = async (settings: Readonly<Record<string, string>>) => {
  const [first] = (await Effect.runPromise(read(settings))).accounts
  if (first === undefined) throw new Error("no account")
  return first
}
const refusal = async (settings: Readonly<Record<string, string>>): Promise<string> =>
  (await Effect.runPromise(Effect.flip(read(settings)))).message

describe("the callback's credentials", () => {
  const credentials = async (text: string) =>
    (await account({ LOAN_ENGINE_CALLBACK_CREDENTIALS: text })).callbackCredentials.map((each) => [
      each.method,
      Redacted.value(each.credentials),
    ])

  it("may be several while they are rotated, each with its own method", async () => {
    expect(await credentials("bmV3")).toEqual([["BASIC", "bmV3"]])
    expect(await credentials("bmV3, b2xk,BEARER dG9rZW4=")).toEqual([
      ["BASIC", "bmV3"],
      ["BASIC", "b2xk"],
      ["BEARER", "dG9rZW4="],
    ])
  })

  it.each(["DIGEST abc", "BASIC a b", ""])("refuses %j without repeating it", async (text) => {
    const message = await refusal({ LOAN_ENGINE_CALLBACK_CREDENTIALS: text })
    expect(message).toContain("LOAN_ENGINE_CALLBACK_CREDENTIALS")
    expect(message).not.toContain("abc")
  })
})

describe("the API's keys", () => {
  const given = { LOAN_ENGINE_CALLBACK_CREDENTIALS: "bmV3" }
  const digest = "ab".repeat(32)
  const keys = async (text: string) =>
    (await Effect.runPromise(read({ ...given, LOAN_ENGINE_API_KEYS: text }))).api.apiKeys.map((key) => [
      key.name,
      [...key.scopes],
      Buffer.from(key.digest).toString("hex"),
    ])

  it("are each known by name, scopes and digest; the single one has all scopes", async () => {
    expect(await keys(`shop:register+read:${digest}, desk:operate:${digest.toUpperCase()}`)).toEqual([
      ["shop", ["register", "read"], digest],
      ["desk", ["operate"], digest],
      ["default", ["read", "register", "operate"], createHash("sha256").update("key").digest("hex")],
    ])
    const listed = { LOAN_ENGINE_API_KEY: "", LOAN_ENGINE_API_KEYS: `shop:read:${digest}` }
    expect((await Effect.runPromise(read({ ...given, ...listed }))).api.apiKeys).toHaveLength(1)
    expect(await refusal({ ...given, LOAN_ENGINE_API_KEY: "" })).toContain("LOAN_ENGINE_API_KEYS")
  })

  it.each([
    "shop:read:secret-in-clear",
    `shop:write:${digest}`,
    `shop::${digest}`,
    `:read:${digest}`,
    `a:read:${digest},a:read:${digest}`,
    `default:read:${digest}`,
    `shop:read:${digest}:more`,
  ])("%j is refused without repeating it", async (text) => {
    const message = await refusal({ ...given, LOAN_ENGINE_API_KEYS: text })
    expect(message).toContain("LOAN_ENGINE_API_KEYS must be a list such as")
    expect(message).not.toContain("secret-in-clear")
    expect(message).not.toContain(digest)
  })

  it.each(["https://shop.example/", "shop.example", "*", "https://shop.example/page"])(
    "may not be used from %j, which is no origin",
    async (text) => {
      expect(await refusal({ ...given, LOAN_ENGINE_CORS_ORIGINS: text })).toContain(
        "LOAN_ENGINE_CORS_ORIGINS",
      )
    },
  )
})

describe("the trust policy", () => {
  const given = { LOAN_ENGINE_CALLBACK_CREDENTIALS: "bmV3" }

  it("has the required evidence for each type of event", async () => {
    const { trustPolicy, eventClaim } = await account({
      ...given,
      LOAN_ENGINE_CALLBACK_TRUST: "PAID_OUT=jws, SIGNED = bank",
      LOAN_ENGINE_CALLBACK_EVENT_CLAIM: "evt",
      LOAN_ENGINE_JWKS_URL: "https://bank.example/keys",
    })
    expect([trustPolicy, eventClaim]).toEqual([{ PAID_OUT: "jws", SIGNED: "bank" }, "evt"])
    expect((await account(given)).trustPolicy).toEqual({})
  })

  it.each(["PAID_OUT", "PAID=jws", "PAID_OUT=none", "PAID_OUT=jws=bank", "toString=jws"])(
    "%j is refused with a list of the possible values",
    async (text) => {
      const message = await refusal({ ...given, LOAN_ENGINE_CALLBACK_TRUST: text })
      expect(message).toContain("CREDIT_DECISION_UPDATED")
    },
  )
})

describe("the limits", () => {
  const given = { LOAN_ENGINE_CALLBACK_CREDENTIALS: "bmV3" }

  it("are each set by their own name", async () => {
    const set = {
      LOAN_ENGINE_CALLBACK_BYTES_MAX: "1000",
      LOAN_ENGINE_CONNECTIONS_MAX: "2",
      LOAN_ENGINE_BREAKER_OPEN_MS: "7",
      LOAN_ENGINE_POLL_LEASE_MS: "9",
      LOAN_ENGINE_POLL_ATTEMPTS_MAX: "11",
    }
    const config = await Effect.runPromise(read({ ...given, ...set }))
    expect(config.callbackLimits).toMatchObject({ callbackBytesMax: 1_000, callbackBodyMsMax: 10_000 })
    expect(config.breakerLimits).toEqual({ breakerFailuresMax: 5, breakerOpenMs: 7 })
    expect(config.poller).toMatchObject({ pollLeaseMs: 9, pollsInFlightMax: 8 })
    expect(config.poller.cadence).toMatchObject({ pollAttemptsMax: 11, pollJitterPercent: 20 })
    expect(config.serverLimits).toMatchObject({ connectionsMax: 2, headersMsMax: 10_000 })
  })

  it("of the jitter is the whole interval", async () => {
    const set = { ...given, LOAN_ENGINE_POLL_JITTER_PERCENT: "101" }
    expect(await refusal(set)).toContain("LOAN_ENGINE_POLL_JITTER_PERCENT")
  })

  it.each(["0", "-1", "1.5", "many"])("%j is not a valid limit", async (text) => {
    expect(await refusal({ ...given, LOAN_ENGINE_HEADERS_MS_MAX: text })).toContain(
      "LOAN_ENGINE_HEADERS_MS_MAX",
    )
  })
})

describe("telemetry", () => {
  const given = { LOAN_ENGINE_CALLBACK_CREDENTIALS: "bmV3" }
  const telemetry = async (settings: Readonly<Record<string, string>>) =>
    (await Effect.runPromise(read({ ...given, ...settings }))).telemetry

  it("by default shows its metrics, exports no trace, and logs from info on", async () => {
    expect(await telemetry({})).toEqual({
      metrics: { metricsEnabled: true, metricsKey: undefined, loanCountsAgeMaxMs: 10_000 },
      traces: undefined,
      traceLimits: traceExportLimitsDefault,
      log: { level: "info", format: undefined },
    })
  })

  it("reads the collector's headers, and hides their values", async () => {
    const { traces } = await telemetry({
      LOAN_ENGINE_OTLP_URL: "https://collector.example/otlp",
      LOAN_ENGINE_OTLP_HEADERS: " API-Key = a=b , x-team=loans",
      LOAN_ENGINE_OTLP_SERVICE_NAME: "loans",
    })
    expect(traces).toMatchObject({ url: "https://collector.example/otlp", serviceName: "loans" })
    if (traces?.headers === undefined) throw new Error("no headers")
    expect(Redacted.value(traces.headers)).toEqual({ "api-key": "a=b", "x-team": "loans" })
    expect(JSON.stringify(traces)).not.toContain("a=b")
  })

  it.each([
    ["LOAN_ENGINE_OTLP_URL", "collector:4318"],
    ["LOAN_ENGINE_OTLP_URL", "http://user:hidden@collector:4318"],
    ["LOAN_ENGINE_OTLP_HEADERS", "hidden"],
    ["LOAN_ENGINE_OTLP_HEADERS", "key="],
    ["LOAN_ENGINE_OTLP_HEADERS", "key=hid\nden: x"],
    ["LOAN_ENGINE_METRICS_ENABLED", "perhaps"],
    ["LOAN_ENGINE_LOG_FORMAT", "xml"],
    ["LOAN_ENGINE_LOG_LEVEL", "all"],
    ["LOAN_ENGINE_TRACE_BATCH_SPANS_MAX", "0"],
  ])("refuses %s=%j by its name, and repeats no secret", async (name, value) => {
    const collector = { LOAN_ENGINE_OTLP_URL: "http://collector:4318" }
    const message = await refusal({ ...given, ...collector, [name]: value })
    expect(message).toContain(name)
    expect(message).not.toContain("hidden")
  })
})

describe("where loans are stored", () => {
  const given = { LOAN_ENGINE_CALLBACK_CREDENTIALS: "bmV3" }
  const database = async (settings: Readonly<Record<string, string>>) =>
    (await Effect.runPromise(read({ ...given, ...settings }))).database
  const url = "postgres://loans:sec%2Fret@db:5432/merchant?sslmode=require"

  it("is an SQLite file, with or without file:", async () => {
    expect(await database({})).toMatchObject({ store: "sqlite", path: "loan-engine.sqlite" })
    expect(await database({ LOAN_ENGINE_DATABASE_URL: "file:///var/loans.sqlite" })).toMatchObject({
      store: "sqlite",
      path: "/var/loans.sqlite",
    })
  })

  it("or a PostgreSQL, which needs only its URL", async () => {
    const plain = await database({ LOAN_ENGINE_DATABASE_URL: url })
    expect(plain).toMatchObject({
      store: "postgres",
      schema: "loan_engine",
      limits: { databasePartitions: 4 },
    })
    expect(databasePlace(plain)).toBe("PostgreSQL at db:5432/merchant, schema loan_engine")
    const set = await database({
      LOAN_ENGINE_DATABASE_URL: url,
      LOAN_ENGINE_DATABASE_SCHEMA: "ours",
      LOAN_ENGINE_DATABASE_PARTITIONS: "64",
      LOAN_ENGINE_DATABASE_CONNECTIONS_MAX: "3",
    })
    expect(set).toMatchObject({
      schema: "ours",
      limits: { databasePartitions: 64, databaseConnectionsMax: 3 },
    })
  })

  it.each([
    ["LOAN_ENGINE_DATABASE_URL", "postgres://loans:sec/ret@db:5432/merchant"],
    ["LOAN_ENGINE_DATABASE_URL", "postgres://loans:secret@db"],
    ["LOAN_ENGINE_DATABASE_URL", "postgress://loans:secret@db/merchant"],
    ["LOAN_ENGINE_DATABASE_URL", "mysql://loans:secret@db/merchant"],
    ["LOAN_ENGINE_DATABASE_URL", "file:"],
    ["LOAN_ENGINE_DATABASE_SCHEMA", "Ours"],
    ["LOAN_ENGINE_DATABASE_SCHEMA", 'x"; DROP SCHEMA public'],
    ["LOAN_ENGINE_DATABASE_SCHEMA", "pg_catalog"],
    ["LOAN_ENGINE_DATABASE_PARTITIONS", "0"],
    ["LOAN_ENGINE_DATABASE_PARTITIONS", "4096"],
    ["LOAN_ENGINE_TRANSACTION_UPDATES_MAX", "2000"],
  ])("refuses %s=%j, naming the setting and repeating no secret", async (name, value) => {
    const message = await refusal({ ...given, LOAN_ENGINE_DATABASE_URL: url, [name]: value })
    expect(message).toContain(name)
    expect(message).not.toMatch(/sec(?:\/|%2F)?ret/u)
  })
})
