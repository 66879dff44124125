import { accessSync, constants, existsSync, statfsSync } from "node:fs"
import { dirname } from "node:path"
import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import type { BankError, BankErrorReason } from "@loan-engine/adapters-http/bank/error"
import { connectionAdvice } from "@loan-engine/adapters-http/http/connection-cause"
import { bankClientLimitsDefault } from "@loan-engine/adapters-http/bank/client"
import { makeExchange } from "@loan-engine/adapters-http/http/exchange"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Effect, Option, Result, Schema } from "effect"
import type { Scope } from "effect"
import { callbackAlarm, callbacksLate } from "../callback-health/health.ts"
import { intentAdvice, intentFound } from "../callbacks/callback-registration.ts"
import { callbackHealths } from "../callbacks/callback-watch.ts"
import { configFromEnvironment } from "../config/config.ts"
import type { AccountConfig, OperatorConfig } from "../config/config.ts"
import { JournalStore } from "../ports/journal-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import {
  commandDatabaseLayer,
  databaseClockAheadMs,
  databaseFailover,
  databasePlace,
  databaseWeaknesses,
} from "../store/database.ts"
import type { Database } from "../store/database.ts"
import { statesOf, webhookAlarm } from "../webhooks/watch.ts"
import { WebhookStore } from "../ports/webhook-store.ts"

/** The result of one check. `advice` says what to do about it. */
export interface Check {
  readonly name: string
  readonly state: "ok" | "warning" | "failed" | "skipped"
  readonly found: string
  readonly advice?: string
}

type Checks = ReadonlyArray<Check>

/** How far the clock may differ from the bank's, and how much free space the store's disk should have. */
export const clockSkewSecondsMax = 5
export const diskBytesFreeMin = 1_073_741_824

/**
 * Checks everything that the engine depends on: settings, store, engine, bank, clock, keys and callbacks. It writes
 * nothing.
 */
export const examine = Effect.fnUntraced(function* (
  config: OperatorConfig,
): Effect.fn.Return<Checks, never, Scope.Scope> {
  const accounts = yield* Effect.forEach(config.accounts, checkAccount)
  return [
    yield* checkSettings,
    ...(yield* checkStore(config)),
    yield* checkEngine(config),
    ...accounts.flat(),
  ]
})

const ok = (name: string, found: string): Check => ({ name, state: "ok", found })
const skipped = (name: string, found: string): Check => ({ name, state: "skipped", found })
const warning = (name: string, found: string, advice: string): Check => ({
  name,
  state: "warning",
  found,
  advice,
})
const failed = (name: string, found: string, advice: string): Check => ({
  name,
  state: "failed",
  found,
  advice,
})

const checkSettings = Effect.map(Effect.result(configFromEnvironment), (settings) =>
  Result.isSuccess(settings)
    ? ok("settings", "everything that serve needs is set")
    : failed("settings", "serve would not start", settings.failure.message),
)

const checkStore = Effect.fnUntraced(function* (config: OperatorConfig) {
  const { database } = config
  const looked = yield* Effect.result(
    Effect.provide(lookIntoStore(config), commandDatabaseLayer(database, "read")),
  )
  const around = [
    ...checkDisk(database),
    ...(yield* checkWeaknesses(database)),
    ...(yield* checkStandby(database)),
    ...(yield* checkDatabaseClock(database)),
  ]
  if (Result.isSuccess(looked)) return [...looked.success, ...around]
  return [failed("store", `${databasePlace(database)} cannot be read`, looked.failure.message), ...around]
})

/** Weaknesses that could lose acknowledged data or show it to others. */
const checkWeaknesses = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<Checks> {
  if (database.store === "sqlite" && !existsSync(database.path)) return []
  const weaknesses = yield* databaseWeaknesses(database)
  if (weaknesses.length === 0)
    return [ok("durability", "found nothing that could lose stored data or show it to others")]
  return weaknesses.map((found) =>
    warning("durability", found, "docs/operating.md says what the store needs."),
  )
})

/** Leases and due times use the database's clock, and plans use ours. A file has no clock of its own. */
const checkDatabaseClock = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<Checks> {
  const aheadMs = yield* databaseClockAheadMs(database)
  return aheadMs === undefined ? [] : [clockCheck("clock database", "the database's", -aheadMs)]
})

/** The newest entry must be older than now. If not, a clock is or was wrong. */
const checkNewestEntry = Effect.fnUntraced(function* () {
  const name = "clock journal"
  const journal = yield* JournalStore
  const newest = yield* (yield* WebhookStore).newest
  const [row] = yield* journal.feed({ after: newest - 1, limit: 1 })
  const recordedAt = row === undefined ? undefined : recordedAtIn(row.text)
  if (recordedAt === undefined) return skipped(name, "the journal has no entry to compare with")
  const aheadSeconds = Math.ceil((recordedAt - (yield* Clock.currentTimeMillis)) / 1_000)
  return aheadSeconds <= clockSkewSecondsMax
    ? ok(name, "the newest entry is not from the future")
    : failed(
        name,
        `the newest entry is dated ${aheadSeconds} seconds ahead of this machine's clock`,
        "This machine's clock is wrong, or the clock of the machine that wrote the entry was: set both by NTP.",
      )
})

/** The journal's own checks belong to `journal verify`. An unreadable entry cannot be compared here. */
const recordedAtIn = (text: string): number | undefined =>
  Option.getOrUndefined(decodeRecordedAt(text))?.recordedAt
const decodeRecordedAt = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ recordedAt: Schema.Int })),
)

const checkStandby = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<Checks> {
  const failover = yield* databaseFailover(database)
  if (failover === undefined) return []
  return [
    failover.safe
      ? ok("failover", failover.found)
      : warning(
          "failover",
          failover.found,
          "A failover may lose acknowledged data: set the server as docs/operating.md says.",
        ),
  ]
})

const lookIntoStore = Effect.fnUntraced(function* (
  config: OperatorConfig,
): Effect.fn.Return<Checks, { readonly message: string }, LoanStore | JournalStore | WebhookStore> {
  const store = yield* LoanStore
  const accounts = yield* store.accounts
  const stalled = yield* Effect.forEach(accounts, store.stalledCount)
  const disputed = yield* Effect.forEach(accounts, (account) =>
    Effect.map(
      store.stageCounts(account),
      (counts) => counts.find(({ stage }) => stage === "disputed")?.loans ?? 0,
    ),
  )
  const sum = (counts: ReadonlyArray<number>): number => counts.reduce((total, count) => total + count, 0)
  const configured = config.accounts.map(({ name }) => name)
  const orphans = accounts.filter((account) => !configured.includes(account))
  const healths = yield* callbackHealths(config.callbackHealth, [...new Set([...configured, ...accounts])])
  const alarms = healths.filter(({ alarming }) => alarming)
  const late = healths.filter(({ state }) => state === "late")
  return [
    ok("store", `${databasePlace(config.database)} opens, and has this program's schema version`),
    orphans.length === 0
      ? ok("accounts", "every loan's account is configured")
      : warning(
          "accounts",
          `loans belong to ${orphans.join(", ")}, which is not configured`,
          "Configure the account. Until then its loans are not polled.",
        ),
    sum(stalled) === 0
      ? ok("stalled", "no loan is stalled")
      : warning("stalled", `${sum(stalled)} loans are stalled`, "Look with: loan-engine stalled"),
    sum(disputed) === 0
      ? ok("disputes", "no loan is in dispute")
      : warning("disputes", `${sum(disputed)} loans are in dispute`, "Look with: loan-engine disputes"),
    alarms.length === 0
      ? late.length === 0
        ? ok("callbacks", "no account misses too many callbacks")
        : warning("callbacks", late.map(callbacksLate).join(" "), "See: loan-engine callback health")
      : failed(
          "callbacks",
          alarms.map(callbackAlarm).join(" "),
          "Ask the bank where it sends them; see: loan-engine callback health",
        ),
    ...(yield* checkWebhooks(config)),
    yield* checkNewestEntry(),
    ...(yield* checkIntents(config)),
    ...(yield* Effect.forEach(config.accounts, checkTrust)),
  ]
})

/** What an attacker would need so that a forged callback is believed. */
const checkTrust = Effect.fnUntraced(function* ({ name, callbackCredentials, jwks }: AccountConfig) {
  const at = `trust ${name}`
  const key = "the bank's signing key"
  if (callbackCredentials.length === 0) {
    return ok(
      at,
      jwks === undefined
        ? "no callback is believed: each is held until the bank confirms it"
        : `a forged callback would need ${key}`,
    )
  }
  const store = yield* LoanStore
  const since = jwks === undefined ? undefined : yield* store.signingSince(name)
  if (since !== undefined) {
    const seen = new Date(since).toISOString()
    return ok(
      at,
      `a forged callback would need the callback credentials and ${key}: it has signed since ${seen}`,
    )
  }
  return ok(
    at,
    jwks === undefined
      ? "a forged callback would need the callback credentials"
      : "a forged callback would need the callback credentials, until the bank is first seen to sign",
  )
})

const checkWebhooks = Effect.fnUntraced(function* ({ webhooks }: OperatorConfig) {
  if (webhooks.endpoints.length === 0) return []
  const name = "webhooks"
  const look = "Look with: loan-engine webhooks status"
  const states = yield* statesOf(webhooks.endpoints.map((endpoint) => endpoint.name))
  const disabled = states.filter(({ disabledAt }) => disabledAt !== null)
  if (disabled.length > 0) return [failed(name, disabled.map(webhookAlarm).join(" "), look)]
  const waiting = states.filter(({ parked }) => parked > 0)
  if (waiting.length === 0) return [ok(name, "no endpoint is disabled, and none has loans waiting")]
  const found = waiting.map(({ endpoint, parked }) => `${parked} loans wait for ${endpoint}`).join(", ")
  return [warning(name, found, look)]
})

/** Requests to the bank with an unknown outcome. */
const checkIntents = Effect.fnUntraced(function* ({ accounts }: OperatorConfig) {
  const store = yield* LoanStore
  const found = yield* Effect.forEach(accounts, ({ name, bank }) =>
    bank === undefined ? Effect.succeed(undefined) : store.callbackIntent(name, bank.url),
  )
  return found.flatMap((intent) =>
    intent === undefined
      ? []
      : [warning(`registration ${intent.account}`, intentFound(intent), intentAdvice)],
  )
})

/** The operator of a server watches its disk. */
const checkDisk = (database: Database): Checks =>
  database.store === "sqlite" ? [checkDirectory(dirname(database.path))] : []

function checkDirectory(directory: string): Check {
  try {
    accessSync(directory, constants.W_OK)
    const { bavail, bsize } = statfsSync(directory)
    const megabytes = Math.floor((bavail * bsize) / 1_048_576)
    return bavail * bsize >= diskBytesFreeMin
      ? ok("disk", `${directory} is writable, ${megabytes} MiB free`)
      : warning(
          "disk",
          `only ${megabytes} MiB are free in ${directory}`,
          "Make room: on a full disk callbacks are answered 503.",
        )
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"
    return failed(
      "disk",
      `${directory} cannot be written (${code})`,
      "Set LOAN_ENGINE_DATABASE_URL to a file in a writable directory.",
    )
  }
}

const checkEngine = Effect.fnUntraced(function* ({ host, port }: OperatorConfig) {
  const url = new URL(`http://${host.includes(":") ? `[${host}]` : host}:${port}/health/ready`)
  const answer = yield* ask(url)
  if (Result.isFailure(answer)) return skipped("engine", `no engine answers at ${url.origin}`)
  const { status } = answer.success
  return status === 200
    ? ok("engine", `the one at ${url.origin} is ready`)
    : failed(
        "engine",
        `the one at ${url.origin} answers ${status}`,
        "Read its log: it says which check fails.",
      )
})

const ask = Effect.fnUntraced(function* (url: URL, route?: BankRoute) {
  const exchange = yield* makeExchange(bankClientLimitsDefault, undefined, route)
  return yield* Effect.result(exchange({ url, method: "GET", headers: {} }))
})

const checkAccount = Effect.fnUntraced(function* (account: AccountConfig) {
  return [...(yield* checkBank(account)), yield* checkJwks(account)]
})

/**
 * No loan with this name exists, so the bank answers with a fault. The fault shows that the credentials are accepted.
 */
const nobodysLoan = ApplicationReference.make("loan-engine-doctor")

const checkBank = Effect.fnUntraced(function* ({ name, bank }: AccountConfig) {
  const at = `bank ${name}`
  if (bank === undefined) {
    return [
      warning(
        at,
        "no bank is configured: loans are not polled",
        "Set LOAN_ENGINE_BANK_URL, _USERNAME and _PASSWORD.",
      ),
    ]
  }
  const client = yield* Effect.result(makeBankClient({ ...bank, account: name }))
  if (Result.isFailure(client)) return [failed(at, "its settings cannot be used", client.failure.message)]
  const answer = yield* Effect.result(client.success.getApplicationStatus(nobodysLoan))
  const outcome = Result.isSuccess(answer) ? "Fault" : answer.failure.reason._tag
  const [
    state,
    found,
    advice = Result.isFailure(answer) && state === "failed" ? wayOut(answer.failure) : undefined,
  ] = byOutcome[outcome]
  const clock = yield* checkClock(name, new URL(bank.url), bank.route)
  return [{ name: at, state, found, ...(advice === undefined ? {} : { advice }) }, clock]
})

/** For a failed connection, the reason's own name says most. */
const wayOut = ({ connectionCode: code }: BankError): string | undefined =>
  code === undefined ? undefined : `Check LOAN_ENGINE_BANK_URL: ${connectionAdvice(code)}.`

const unreachable = [
  "failed",
  "it does not answer",
  "Check LOAN_ENGINE_BANK_URL, the network, and the bank's own status.",
] as const

/** The meaning of each outcome for the bank. */
const byOutcome: {
  readonly [Tag in BankErrorReason["_tag"]]: readonly [state: Check["state"], found: string, advice?: string]
} = {
  Fault: ["ok", "it answers, and accepts the user name and password"],
  Malformed: [
    "warning",
    "it answers, but not with the expected message",
    "Check that LOAN_ENGINE_BANK_URL is its SOAP endpoint.",
  ],
  TooLarge: [
    "warning",
    "its answer is over the size limit",
    "Check that LOAN_ENGINE_BANK_URL is its SOAP endpoint.",
  ],
  Unauthorized: [
    "failed",
    "it does not accept the user name and password",
    "Correct LOAN_ENGINE_BANK_USERNAME and LOAN_ENGINE_BANK_PASSWORD.",
  ],
  RateLimited: ["warning", "it asks for fewer requests", "Lower LOAN_ENGINE_POLL_RATE_PER_SECOND."],
  Refused: ["failed", "its address refuses the connection"],
  NameNotFound: ["failed", "its host is not found"],
  Unreachable: ["failed", "its host cannot be reached"],
  CertificateRejected: ["failed", "its certificate is not trusted"],
  TlsFailed: ["failed", "a TLS connection to it fails"],
  ProxyRefused: ["failed", "the proxy to it cannot be reached, or refuses"],
  ConnectionBroken: ["failed", "it breaks the connection"],
  TimedOut: unreachable,
  Unavailable: unreachable,
  CircuitOpen: unreachable,
  RequestInvalid: unreachable,
}

/** Compares the bank's clock, from its answers, with ours. Signed times and rulings depend on it. */
const checkClock = Effect.fnUntraced(function* (account: string, bankUrl: URL, route: BankRoute) {
  const name = `clock ${account}`
  const answer = yield* ask(bankUrl, route)
  const now = yield* Clock.currentTimeMillis
  const date = Result.isSuccess(answer) ? answer.success.headers["date"] : undefined
  const told = typeof date === "string" ? Date.parse(date) : Number.NaN
  if (!Number.isFinite(told)) return skipped(name, "the bank's answer carries no date")
  return clockCheck(name, "the bank's", now - told)
})

/** Compares this machine's clock with another one. */
function clockCheck(name: string, whose: string, aheadMs: number): Check {
  const apart = Math.round(Math.abs(aheadMs) / 1_000)
  if (apart <= clockSkewSecondsMax) return ok(name, `at most ${clockSkewSecondsMax} seconds from ${whose}`)
  const side = aheadMs > 0 ? "ahead of" : "behind"
  return failed(
    name,
    `this machine's clock is ${apart} seconds ${side} ${whose}`,
    "Compare both with a third clock, and set the wrong one by NTP.",
  )
}

const checkJwks = Effect.fnUntraced(function* ({ name, jwks }: AccountConfig) {
  const at = `keys ${name}`
  if (jwks === undefined) return skipped(at, "LOAN_ENGINE_JWKS_URL is not set: signatures are ignored")
  const { url, apiKey, route } = jwks
  const keys = yield* Effect.result(makeJwks({ url, route, ...(apiKey === undefined ? {} : { apiKey }) }))
  if (Result.isFailure(keys)) return failed(at, "the settings cannot be used", keys.failure.message)
  // A key that does not exist. Only a set that was read can say that it is unknown.
  const known = yield* keys.success.lookUp("loan-engine-doctor")
  return known.state === "unavailable"
    ? failed(
        at,
        `the bank's key set is not available: ${known.why ?? "there was no answer"}`,
        "Check LOAN_ENGINE_JWKS_URL and LOAN_ENGINE_JWKS_API_KEY.",
      )
    : ok(at, "the bank's key set can be read")
})
