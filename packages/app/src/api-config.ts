import { Config, Effect, Option, Redacted } from "effect"
import type { AccessLimits } from "./api/access.ts"
import { accessLimitsDefault } from "./api/access.ts"
import { allScopesKey } from "./api/api-keys.ts"
import type { ApiKey } from "./api/api-keys.ts"
import { loanListLimitsDefault } from "./api/loan-list.ts"
import type { LoanListLimits } from "./api/loan-list.ts"
import { scopes } from "./api/api-contract.ts"
import type { Scope } from "./api/api-contract.ts"
import type { ChangeFeedLimits } from "./change-feed.ts"
import { changeFeedLimitsDefault } from "./change-feed.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { limitsFromEnvironment } from "./limit-settings.ts"

/** Who may call the API, how often, and from whose pages. */
export interface ApiConfig {
  readonly apiKeys: ReadonlyArray<ApiKey>
  /** The origins whose pages a browser lets read our answers; none by default. */
  readonly corsOrigins: ReadonlyArray<string>
  readonly accessLimits: AccessLimits
  readonly listLimits: LoanListLimits
  readonly changeFeedLimits: ChangeFeedLimits
  /** Whether the operators' console is served. */
  readonly consoleEnabled: boolean
}

export const apiEnvironment = Config.all({
  apiKey: Config.option(Config.Redacted("LOAN_ENGINE_API_KEY")),
  apiKeys: Config.withDefault(Config.String("LOAN_ENGINE_API_KEYS"), ""),
  corsOrigins: Config.withDefault(Config.String("LOAN_ENGINE_CORS_ORIGINS"), ""),
  accessLimits: limitsFromEnvironment(accessLimitsDefault),
  listLimits: limitsFromEnvironment(loanListLimitsDefault),
  changeFeedLimits: limitsFromEnvironment(changeFeedLimitsDefault),
  consoleEnabled: Config.withDefault(Config.Boolean("LOAN_ENGINE_CONSOLE"), true),
})
type Settings = Config.Success<typeof apiEnvironment>

/** Checks and reads the settings of the API. */
export const apiConfig = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<ApiConfig, ConfigUnusable> {
  const { accessLimits, listLimits, changeFeedLimits, consoleEnabled } = settings
  const single = Option.getOrUndefined(settings.apiKey)
  const apiKeys = yield* Effect.forEach(listed(settings.apiKeys), keyOf)
  if (single !== undefined && Redacted.value(single) !== "") apiKeys.push(allScopesKey(single))
  if (apiKeys.length === 0) return yield* keysMissing
  if (new Set(apiKeys.map(({ name }) => name)).size < apiKeys.length) return yield* keysUnusable
  const corsOrigins = yield* Effect.forEach(listed(settings.corsOrigins), originOf)
  return { apiKeys, corsOrigins, accessLimits, listLimits, changeFeedLimits, consoleEnabled }
})

const listed = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text)

/** `name:scope+scope:digest`, the digest in hex. */
function keyOf(entry: string): Effect.Effect<ApiKey, ConfigUnusable> {
  const [name = "", list = "", digest = "", ...more] = entry.split(":")
  const named = list.split("+")
  const isWhole = /^[A-Za-z0-9._-]{1,64}$/u.test(name) && /^[0-9a-f]{64}$/iu.test(digest) && more.length === 0
  if (!isWhole || !named.every(isScope)) return keysUnusable
  return Effect.succeed({ name, scopes: new Set(named), digest: Buffer.from(digest, "hex") })
}

const keysMissing = new ConfigUnusable({
  message:
    "LOAN_ENGINE_API_KEY is not set, and LOAN_ENGINE_API_KEYS neither: choose the keys that callers of /v1 must send.",
})

const keysUnusable = new ConfigUnusable({
  message:
    "LOAN_ENGINE_API_KEYS must be a list such as shop:read+register:<digest>,desk:read+operate:<digest>: a name of its own " +
    `(LOAN_ENGINE_API_KEY is called default), scopes (${scopes.join(", ")}) with + between them, and the key's SHA-256 in hex.`,
})

const originOf = (text: string): Effect.Effect<string, ConfigUnusable> =>
  URL.canParse(text) && new URL(text).origin === text
    ? Effect.succeed(text)
    : new ConfigUnusable({
        message:
          "LOAN_ENGINE_CORS_ORIGINS must be a list of origins such as https://shop.example: a scheme and a host, nothing behind.",
      })
