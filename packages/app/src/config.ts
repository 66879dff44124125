import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank-guard"
import type { BreakerLimits } from "@loan-engine/adapters-http/bank-guard"
import { AccountName } from "@loan-engine/domain/observation"
import type { Redacted } from "effect"
import { Config, Effect, Option } from "effect"
import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback-receiver"
import type { CallbackReceiverLimits } from "@loan-engine/adapters-http/callback-receiver"
import { apiConfig, apiEnvironment } from "./api-config.ts"
import type { ApiConfig } from "./api-config.ts"
import { callbackHealthDefaults } from "./callback-health.ts"
import type { CallbackHealthSettings } from "./callback-health.ts"
import { callbackConfig, callbackEnvironment } from "./callback-config.ts"
import type { CallbackConfig } from "./callback-config.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { databaseConfig, databaseEnvironment } from "./database-config.ts"
import { limitsFromEnvironment } from "./limit-settings.ts"
import { telemetryConfig, telemetryEnvironment } from "./telemetry-config.ts"
import type { TelemetryConfig } from "./telemetry-config.ts"
import { serverLimitsDefault } from "./server-limits.ts"
import type { ServerLimits } from "./server-limits.ts"
import { cadenceLimitsDefault } from "./poll-cadence.ts"
import type { PollerSettings } from "./poller.ts"
import type { SealingSettings } from "./sealing.ts"
import { sealingDefaults } from "./sealing.ts"
import type { Database } from "./store/database.ts"
import { pollerDefaults } from "./poller.ts"

/** How one account's callbacks are trusted and where its bank is. */
export interface AccountConfig extends CallbackConfig {
  readonly name: AccountName
  readonly bank: BankConfig | undefined
  readonly jwks: { readonly url: string; readonly apiKey: Redacted.Redacted | undefined } | undefined
}

export interface BankConfig {
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
}

/** What an operator's command works with: the store, the accounts and their banks. */
export interface OperatorConfig {
  readonly host: string
  readonly port: number
  readonly database: Database
  readonly accounts: ReadonlyArray<AccountConfig>
  readonly poller: PollerSettings
  readonly serverLimits: ServerLimits
  readonly callbackLimits: CallbackReceiverLimits
  readonly breakerLimits: BreakerLimits
  readonly sealing: SealingSettings
  readonly callbackHealth: CallbackHealthSettings
  readonly telemetry: TelemetryConfig
}

/** Everything `serve` runs on. */
export interface EngineConfig extends OperatorConfig {
  readonly api: ApiConfig
}

const optional = (name: string) => Config.option(Config.String(name))
const secret = (name: string) => Config.option(Config.Redacted(name))

const environment = Config.all({
  host: Config.withDefault(Config.String("LOAN_ENGINE_HOST"), "127.0.0.1"),
  port: Config.withDefault(Config.Port("LOAN_ENGINE_PORT"), 8080),
  database: databaseEnvironment,
  account: Config.withDefault(Config.schema(AccountName, "LOAN_ENGINE_ACCOUNT"), AccountName.make("default")),
  bankUrl: optional("LOAN_ENGINE_BANK_URL"),
  bankUsername: optional("LOAN_ENGINE_BANK_USERNAME"),
  bankPassword: secret("LOAN_ENGINE_BANK_PASSWORD"),
  jwksUrl: optional("LOAN_ENGINE_JWKS_URL"),
  jwksApiKey: secret("LOAN_ENGINE_JWKS_API_KEY"),
  callback: callbackEnvironment,
  telemetry: telemetryEnvironment,
  serverLimits: limitsFromEnvironment(serverLimitsDefault),
  callbackLimits: limitsFromEnvironment(callbackReceiverLimitsDefault),
  breakerLimits: limitsFromEnvironment(breakerLimitsDefault),
  sealing: limitsFromEnvironment(sealingDefaults),
  callbackHealth: limitsFromEnvironment(callbackHealthDefaults),
  api: apiEnvironment,
  pollIntervalScale: Config.withDefault(Config.Finite("LOAN_ENGINE_POLL_INTERVAL_SCALE"), 1),
  cadenceLimits: limitsFromEnvironment(cadenceLimitsDefault),
  pollerLimits: limitsFromEnvironment(pollerDefaults),
})

const settingsFromEnvironment = Effect.mapError(environment, (error) => unusable(oneLine(error.message)))

/** Reads the settings of `serve` from the environment. */
export const configFromEnvironment = Effect.gen(function* () {
  const settings = yield* settingsFromEnvironment
  const api = yield* apiConfig(settings.api)
  const config = yield* operatorConfig(settings)
  const trusting = config.accounts.find(
    ({ callbackCredentials, jwks, allowUnauthenticated }) =>
      callbackCredentials.length === 0 && jwks === undefined && !allowUnauthenticated,
  )
  if (trusting !== undefined) {
    return yield* unusable(
      "Nothing is set that tells a genuine callback: set LOAN_ENGINE_CALLBACK_AUTH_METHOD and " +
        "LOAN_ENGINE_CALLBACK_CREDENTIALS, or LOAN_ENGINE_JWKS_URL, or else " +
        "LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS=true to hold every callback until a poll confirms it.",
    )
  }
  return { ...config, api } satisfies EngineConfig
})

/** Reads the settings of an operator's command: nothing is asked for that only the engine itself needs. */
export const operatorConfigFromEnvironment = Effect.flatMap(settingsFromEnvironment, (settings) =>
  operatorConfig(settings),
)

const operatorConfig = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<OperatorConfig, ConfigUnusable> {
  const account: AccountConfig = {
    name: settings.account,
    bank: yield* bankConfig(settings),
    jwks: yield* jwksConfig(settings),
    ...(yield* callbackConfig(settings.callback)),
  }
  const scale = settings.pollIntervalScale
  if (scale <= 0) return yield* unusable("LOAN_ENGINE_POLL_INTERVAL_SCALE must be above 0; 1 is real time.")
  if (settings.cadenceLimits.pollJitterPercent > 100) {
    return yield* unusable("LOAN_ENGINE_POLL_JITTER_PERCENT must be 100 at most.")
  }
  const poller: PollerSettings = {
    ...settings.pollerLimits,
    cadence: { ...settings.cadenceLimits, pollIntervalScale: scale },
  }
  const database = yield* databaseConfig(settings.database)
  const { host, port, serverLimits, callbackLimits, breakerLimits, sealing, callbackHealth } = settings
  const limits = { serverLimits, callbackLimits, breakerLimits, sealing, callbackHealth }
  const telemetry = yield* telemetryConfig(settings.telemetry)
  return { host, port, database, accounts: [account], poller, ...limits, telemetry }
})

type Settings = Config.Success<typeof environment>

const oneLine = (message: string): string =>
  message.replace(/^SchemaError\((.*)\)$/su, "$1").replace(/\s+/gu, " ")

const unusable = (message: string): ConfigUnusable => new ConfigUnusable({ message })

function bankConfig(settings: Settings): Effect.Effect<BankConfig | undefined, ConfigUnusable> {
  const url = Option.getOrUndefined(settings.bankUrl)
  const username = Option.getOrUndefined(settings.bankUsername)
  const password = Option.getOrUndefined(settings.bankPassword)
  if (url === undefined && username === undefined && password === undefined) return Effect.succeed(undefined)
  if (url === undefined || username === undefined || password === undefined) {
    return unusable(
      "LOAN_ENGINE_BANK_URL, LOAN_ENGINE_BANK_USERNAME and LOAN_ENGINE_BANK_PASSWORD belong together: set all or none.",
    )
  }
  return Effect.as(urlCheck("LOAN_ENGINE_BANK_URL", url), { url, username, password })
}

function jwksConfig(settings: Settings): Effect.Effect<AccountConfig["jwks"], ConfigUnusable> {
  const url = Option.getOrUndefined(settings.jwksUrl)
  if (url === undefined) return Effect.succeed(undefined)
  const apiKey = Option.getOrUndefined(settings.jwksApiKey)
  return Effect.as(urlCheck("LOAN_ENGINE_JWKS_URL", url), { url, apiKey })
}

const urlCheck = (name: string, url: string): Effect.Effect<void, ConfigUnusable> =>
  URL.canParse(url) && /^https?:$/u.test(new URL(url).protocol)
    ? Effect.void
    : unusable(`${name} must be an http or https URL.`)
