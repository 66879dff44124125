import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import type { BreakerLimits } from "@loan-engine/adapters-http/bank/guard"
import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank/guard"
import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback/receiver"
import type { CallbackReceiverLimits } from "@loan-engine/adapters-http/callback/receiver"
import { isLoopback, isSecureUrl } from "@loan-engine/adapters-http/http/secure-url"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect, Redacted } from "effect"
import type { CallbackHealthSettings } from "../callback-health/health.ts"
import { callbackHealthDefaults } from "../callback-health/health.ts"
import { cadenceDefaults } from "../schedule/poll-cadence.ts"
import type { PollerSettings } from "../polling/settings.ts"
import { pollerDefaults } from "../polling/settings.ts"
import type { SealingSettings } from "../feed/sealing.ts"
import { sealingLimits } from "../feed/sealing.ts"
import { anchorLimits } from "../feed/anchors.ts"
import type { AnchorSettings } from "../feed/anchors.ts"
import { anchorsBeside } from "../feed/anchors-file.ts"
import type { ServerLimits } from "../serve/limits.ts"
import type { PathPrefix } from "../base/path-prefix.ts"
import { serverLimitsDefault } from "../serve/limits.ts"
import type { KnownAccounts } from "../ports/known-accounts.ts"
import type { Database } from "../store/database.ts"
import { filesOfStore, realPath } from "../store/sqlite/lock.ts"
import type { WebhookSettings } from "../webhooks/settings.ts"
import { apiConfig } from "./api-config.ts"
import type { ApiConfig } from "./api-config.ts"
import { callbackConfig, secretLengthMin } from "./callback-config.ts"
import type { CallbackConfig } from "./callback-config.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { databaseConfig } from "./database-config.ts"
import { limitsIn } from "./limits-in.ts"
import { readSettings } from "./read-settings.ts"
import type { SettingsRead } from "./read-settings.ts"
import { routeConfig } from "./route-config.ts"
import type { AccountValues, LoanEngineSettings } from "./settings.ts"
import { Environment, environmentSources, writtenSource } from "./sources.ts"
import { telemetryConfig } from "./telemetry-config.ts"
import type { TelemetryConfig } from "./telemetry-config.ts"
import { webhookConfig } from "./webhook-config.ts"

/** One account: how its callbacks are verified, where its bank is, and its currency. */
export interface AccountConfig extends CallbackConfig {
  readonly name: AccountName
  /** ISO 4217. */
  readonly currency: string | undefined
  readonly bank: BankConfig | undefined
  readonly jwks: JwksConfig | undefined
}

export interface JwksConfig {
  readonly url: string
  readonly apiKey: Redacted.Redacted | undefined
  readonly route: BankRoute
}

export interface BankConfig {
  readonly route: BankRoute
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
}

/** What an operator's command needs: the store, the accounts and their banks. */
export interface OperatorConfig {
  readonly host: string
  readonly port: number
  readonly pathPrefix: PathPrefix
  readonly database: Database
  readonly accounts: ReadonlyArray<AccountConfig>
  readonly poller: PollerSettings
  readonly serverLimits: ServerLimits
  readonly callbackLimits: CallbackReceiverLimits
  readonly breakerLimits: BreakerLimits
  readonly sealing: SealingSettings & AnchorSettings
  readonly callbackHealth: CallbackHealthSettings
  readonly webhooks: WebhookSettings
  readonly telemetry: TelemetryConfig
}

/** Everything that an engine needs. */
export interface EngineConfig extends OperatorConfig {
  /** Whether an engine run by `serve` stops when the package manager that started it ends. */
  readonly stopWithLauncher: boolean
  readonly api: ApiConfig
}

/**
 * Reads the settings from the environment, and from the file that the environment names. They are not checked yet.
 */
export const settingsFromEnvironment = Effect.flatMap(Environment, (variables) =>
  Effect.flatMap(environmentSources(variables), readSettings),
)

/** Reads and checks the settings of `serve`. */
export const configFromEnvironment = Effect.flatMap(settingsFromEnvironment, (read) => servedConfig(read))

/** Reads and checks an engine's settings that code gives. */
export const configOf = (settings: LoanEngineSettings): Effect.Effect<EngineConfig, ConfigUnusable> =>
  Effect.flatMap(readSettings([writtenSource(settings, "code")]), engineConfig)

/** Reads and checks the settings of an operator's command. Settings that only an engine needs may be missing. */
export const operatorConfigFromEnvironment = Effect.flatMap(settingsFromEnvironment, operatorConfig)

/** Checks the settings of `serve`. There must be a key, because otherwise nobody could call the engine. */
export const servedConfig = Effect.fnUntraced(function* (
  read: SettingsRead,
): Effect.fn.Return<EngineConfig, ConfigUnusable> {
  const { nameOf } = read
  const config = yield* engineConfig(read)
  if (config.api.apiKeys.length === 0) {
    return yield* new ConfigUnusable({
      message: `Neither ${nameOf("apiKey")} nor ${nameOf("apiKeys")} is set: choose the keys that callers of /v1 must send.`,
    })
  }
  return config
})

/** The names of keys that are too short if other machines can reach the engine. */
function guessableKeys({ engine, nameOf }: SettingsRead): ReadonlyArray<string> {
  if (isLoopback(engine.host)) return []
  return (["apiKey", "metricsKey"] as const)
    .filter((name) => {
      const key = engine[name]
      return key !== undefined && Redacted.value(key).length < secretLengthMin
    })
    .map((name) => nameOf(name))
}

/** Checks the settings that an engine needs, from any source. */
export const engineConfig = Effect.fnUntraced(function* (
  read: SettingsRead,
): Effect.fn.Return<EngineConfig, ConfigUnusable> {
  const { nameOf } = read
  const config = yield* operatorConfig(read)
  const api = yield* apiConfig(read)
  const short = guessableKeys(read)
  if (short.length > 0)
    return yield* new ConfigUnusable({
      message:
        `${short.join(" and ")} must have at least ${secretLengthMin} characters, because other machines can reach ${nameOf("host")} ` +
        `(${config.host}) and try keys. \`loan-engine key\` makes one.`,
    })
  for (const { name, callbackCredentials, jwks, allowUnauthenticated } of config.accounts) {
    if (callbackCredentials.length > 0 || jwks !== undefined || allowUnauthenticated) continue
    const called = read.ownNameOf(name)
    return yield* new ConfigUnusable({
      message:
        `The account ${name} has no setting that proves its callbacks. Set ${called("callbackAuthMethod")} and ` +
        `${called("callbackCredentials")}, or ${called("jwksUrl")}. Or set ${called("allowUnauthenticatedCallbacks")} to true: ` +
        "then the engine holds every callback until a poll confirms it.",
    })
  }
  return { ...config, api, stopWithLauncher: read.engine.stopWithLauncher }
})

/** Checks the settings that an operator's command needs. */
export function operatorConfig(read: SettingsRead): Effect.Effect<OperatorConfig, ConfigUnusable> {
  return Effect.gen(function* () {
    const { engine } = read
    const route = yield* routeConfig(read)
    const database = yield* databaseConfig(read)
    return {
      host: engine.host,
      port: engine.port,
      pathPrefix: engine.pathPrefix,
      database,
      accounts: yield* Effect.forEach(read.accounts, (account) => accountConfig(read, account, route)),
      poller: { ...limitsIn(engine, pollerDefaults), cadence: limitsIn(engine, cadenceDefaults) },
      serverLimits: limitsIn(engine, serverLimitsDefault),
      callbackLimits: limitsIn(engine, callbackReceiverLimitsDefault),
      breakerLimits: limitsIn(engine, breakerLimitsDefault),
      sealing: {
        ...limitsIn(engine, { ...sealingLimits, ...anchorLimits }),
        anchorsFile: yield* anchorsFile(read, database),
        anchorsUrl: yield* anchorsUrl(read),
        anchorsTimeStampUrl: yield* anchorsTimeStampUrl(read, database),
      },
      callbackHealth: limitsIn(engine, callbackHealthDefaults),
      webhooks: yield* webhookConfig(read),
      telemetry: yield* telemetryConfig(read),
    }
  })
}

const accountConfig = Effect.fnUntraced(function* (
  read: SettingsRead,
  account: AccountValues & { readonly name: AccountName },
  route: BankRoute,
): Effect.fn.Return<AccountConfig, ConfigUnusable> {
  const { name, jwksUrl, jwksApiKey, currency } = account
  return {
    name,
    currency: currency ?? currencies.get(name.toLowerCase()),
    bank: yield* bankConfig(read, account, route),
    jwks: jwksUrl === undefined ? undefined : { url: jwksUrl, apiKey: jwksApiKey, route },
    ...(yield* callbackConfig(account, read.ownNameOf(name))),
  }
})

/** The value of {@link KnownAccounts}. */
export const knownAccountsOf = ({
  accounts,
  poller: { cadence },
}: Pick<OperatorConfig, "accounts" | "poller">): KnownAccounts =>
  new Map(
    accounts.map(({ name, currency, bank }) => [
      name,
      { currency: currency ?? null, hasBank: bank !== undefined, cadence },
    ]),
  )

/** The currencies of the countries in which the bank lends. */
const currencies: ReadonlyMap<string, string> = new Map([
  ["se", "SEK"],
  ["no", "NOK"],
  ["dk", "DKK"],
  ["fi", "EUR"],
])

function bankConfig(
  read: SettingsRead,
  { name, bankUrl: url, bankUsername: username, bankPassword: password }: SettingsRead["accounts"][number],
  route: BankRoute,
): Effect.Effect<BankConfig | undefined, ConfigUnusable> {
  // The URL is set for all accounts. That does not mean that this account has a bank.
  const isShared =
    read.accounts.length > 1 &&
    read.found.some(
      ({ setting, account, name: called }) =>
        setting === "bankUrl" && account === name && called === read.nameOf("bankUrl"),
    )
  if (username === undefined && password === undefined && (url === undefined || isShared)) {
    return Effect.succeed(undefined)
  }
  if (url === undefined || username === undefined || password === undefined) {
    const called = read.ownNameOf(name)
    return Effect.fail(
      new ConfigUnusable({
        message: `${called("bankUrl")}, ${called("bankUsername")} and ${called("bankPassword")} belong together: set all or none.`,
      }),
    )
  }
  return Effect.succeed({ url, username, password, route })
}

/** By default, anchors are kept beside an SQLite file. With PostgreSQL there is no such default. */
export const anchorsFileOf = (database: Database): string | undefined =>
  database.store === "sqlite" ? anchorsBeside(database.path) : undefined

function anchorsFile(
  { engine, nameOf }: SettingsRead,
  database: Database,
): Effect.Effect<string | undefined, ConfigUnusable> {
  const { anchorsFile: file } = engine
  if (file === undefined) return Effect.succeed(anchorsFileOf(database))
  const own = database.store === "sqlite" ? filesOfStore(database.path) : []
  if (!own.some((stored) => realPath(stored) === realPath(file))) return Effect.succeed(file)
  return Effect.fail(
    new ConfigUnusable({
      message: `${nameOf("anchorsFile")} names a file of the store itself, which anchors would destroy. Name another file.`,
    }),
  )
}

/** A time stamp is kept with its anchor, so there must be a place for anchors. */
function anchorsTimeStampUrl(
  { engine, nameOf }: SettingsRead,
  database: Database,
): Effect.Effect<string | undefined, ConfigUnusable> {
  const { anchorsTimeStampUrl: service, anchorsFile: file, anchorsUrl: url } = engine
  if (service === undefined || (file ?? url ?? anchorsFileOf(database)) !== undefined)
    return Effect.succeed(service)
  return Effect.fail(
    new ConfigUnusable({
      message: `${nameOf("anchorsTimeStampUrl")} needs a place for the anchors: set ${nameOf("anchorsFile")} or ${nameOf("anchorsUrl")}.`,
    }),
  )
}

function anchorsUrl({ engine, nameOf }: SettingsRead): Effect.Effect<string | undefined, ConfigUnusable> {
  const { anchorsUrl: url } = engine
  if (url === undefined || isSecureUrl(url)) return Effect.succeed(url)
  return Effect.fail(
    new ConfigUnusable({ message: `${nameOf("anchorsUrl")} must be https (or http on a loopback address).` }),
  )
}
