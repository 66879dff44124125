import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank-guard"
import type { BreakerLimits } from "@loan-engine/adapters-http/bank-guard"
import { AccountName } from "@loan-engine/domain/observation"
import { Config, Effect, Option, Redacted } from "effect"
import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback-receiver"
import type { CallbackReceiverLimits } from "@loan-engine/adapters-http/callback-receiver"
import { callbackConfig, callbackEnvironment } from "./callback-config.ts"
import type { CallbackConfig } from "./callback-config.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { databaseFile, databaseUrl } from "./database-config.ts"
import { limitsFromEnvironment } from "./limit-settings.ts"
import { serverLimitsDefault } from "./server-limits.ts"
import type { ServerLimits } from "./server-limits.ts"
import { cadenceDefaults } from "./poll-cadence.ts"
import type { PollerSettings } from "./poller.ts"
import type { SealingSettings } from "./sealing.ts"
import { sealingDefaults } from "./sealing.ts"
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

/** Everything `serve` runs on. */
export interface EngineConfig {
  readonly host: string
  readonly port: number
  readonly databasePath: string
  readonly apiKey: Redacted.Redacted
  readonly accounts: ReadonlyArray<AccountConfig>
  readonly poller: PollerSettings
  readonly serverLimits: ServerLimits
  readonly callbackLimits: CallbackReceiverLimits
  readonly breakerLimits: BreakerLimits
  readonly sealing: SealingSettings
}

const optional = (name: string) => Config.option(Config.String(name))
const secret = (name: string) => Config.option(Config.Redacted(name))

const environment = Config.all({
  host: Config.withDefault(Config.String("LOAN_ENGINE_HOST"), "127.0.0.1"),
  port: Config.withDefault(Config.Port("LOAN_ENGINE_PORT"), 8080),
  database: databaseUrl,
  account: Config.withDefault(Config.schema(AccountName, "LOAN_ENGINE_ACCOUNT"), AccountName.make("default")),
  bankUrl: optional("LOAN_ENGINE_BANK_URL"),
  bankUsername: optional("LOAN_ENGINE_BANK_USERNAME"),
  bankPassword: secret("LOAN_ENGINE_BANK_PASSWORD"),
  jwksUrl: optional("LOAN_ENGINE_JWKS_URL"),
  jwksApiKey: secret("LOAN_ENGINE_JWKS_API_KEY"),
  callback: callbackEnvironment,
  serverLimits: limitsFromEnvironment(serverLimitsDefault),
  callbackLimits: limitsFromEnvironment(callbackReceiverLimitsDefault),
  breakerLimits: limitsFromEnvironment(breakerLimitsDefault),
  sealing: limitsFromEnvironment(sealingDefaults),
  apiKey: secret("LOAN_ENGINE_API_KEY"),
  pollIntervalScale: Config.withDefault(Config.Finite("LOAN_ENGINE_POLL_INTERVAL_SCALE"), 1),
  pollerLimits: limitsFromEnvironment(pollerDefaults),
})

/** Reads the settings of `serve` from the environment. */
export const configFromEnvironment = Effect.gen(function* () {
  const settings = yield* Effect.mapError(environment, (error) => unusable(oneLine(error.message)))
  const apiKey = Option.getOrUndefined(settings.apiKey)
  if (apiKey === undefined || Redacted.value(apiKey) === "") {
    return yield* unusable("LOAN_ENGINE_API_KEY is not set: choose the key that callers of /v1 must send.")
  }
  const account: AccountConfig = {
    name: settings.account,
    bank: yield* bankConfig(settings),
    jwks: yield* jwksConfig(settings),
    ...(yield* callbackConfig(settings.callback)),
  }
  if (
    account.callbackCredentials.length === 0 &&
    account.jwks === undefined &&
    !account.allowUnauthenticated
  ) {
    return yield* unusable(
      "Nothing is set that tells a genuine callback: set LOAN_ENGINE_CALLBACK_AUTH_METHOD and " +
        "LOAN_ENGINE_CALLBACK_CREDENTIALS, or LOAN_ENGINE_JWKS_URL, or else " +
        "LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS=true to hold every callback until a poll confirms it.",
    )
  }
  const scale = settings.pollIntervalScale
  if (scale <= 0) return yield* unusable("LOAN_ENGINE_POLL_INTERVAL_SCALE must be above 0; 1 is real time.")
  const poller: PollerSettings = {
    ...settings.pollerLimits,
    cadence: { ...cadenceDefaults, pollIntervalScale: scale },
  }
  const databasePath = yield* databaseFile(settings.database)
  const { host, port, serverLimits, callbackLimits, breakerLimits, sealing } = settings
  const limits = { serverLimits, callbackLimits, breakerLimits, sealing }
  return { host, port, databasePath, apiKey, accounts: [account], poller, ...limits }
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
