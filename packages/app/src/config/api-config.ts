import { Effect } from "effect"
import type { AccessLimits } from "../access/access.ts"
import { accessLimits } from "../access/access.ts"
import { scopes } from "../contract/api-contract.ts"
import type { Scope } from "../contract/api-contract.ts"
import { allScopesKey } from "../access/api-keys.ts"
import type { ApiKey } from "../access/api-keys.ts"
import type { ForwardingSettings } from "../access/source-address.ts"
import { loanListLimits } from "../api/loan-list.ts"
import type { LoanListLimits } from "../api/loan-list.ts"
import type { ChangeFeedLimits } from "../feed/change-feed.ts"
import { changeFeedLimits } from "../feed/change-feed.ts"
import { readLimits } from "../ports/read-turns.ts"
import type { ReadLimits } from "../ports/read-turns.ts"
import { ConfigUnusable } from "./config-unusable.ts"
import { limitsIn } from "./limits-in.ts"
import type { SettingsRead } from "./read-settings.ts"

/** Who may call the API, how often, and from which origins. */
export interface ApiConfig {
  readonly apiKeys: ReadonlyArray<ApiKey>
  /** The origins whose pages may read the engine's answers in a browser. The default is none. */
  readonly corsOrigins: ReadonlyArray<string>
  readonly accessLimits: AccessLimits
  readonly forwarding: ForwardingSettings
  readonly listLimits: LoanListLimits
  readonly changeFeedLimits: ChangeFeedLimits
  readonly readLimits: ReadLimits
  /** Whether the operators' console is served. */
  readonly consoleEnabled: boolean
}

/** Checks and reads the settings of the API. */
export const apiConfig = Effect.fnUntraced(function* ({
  engine,
  nameOf,
}: SettingsRead): Effect.fn.Return<ApiConfig, ConfigUnusable> {
  const { apiKey, corsOrigins } = engine
  const apiKeys: Array<ApiKey> = []
  for (const entry of engine.apiKeys ?? []) {
    const key = keyOf(entry)
    if (key === undefined) return yield* keysUnusable(nameOf)
    apiKeys.push(key)
  }
  if (apiKey !== undefined) apiKeys.push(allScopesKey(apiKey))
  if (new Set(apiKeys.map(({ name }) => name)).size < apiKeys.length) return yield* keysUnusable(nameOf)
  if (!corsOrigins.every((text) => URL.canParse(text) && new URL(text).origin === text)) {
    return yield* new ConfigUnusable({
      message: `${nameOf("corsOrigins")} must be a list of origins such as https://shop.example: a scheme and a host, with nothing after them.`,
    })
  }
  return {
    apiKeys,
    corsOrigins,
    accessLimits: limitsIn(engine, accessLimits),
    forwarding: { trustedProxies: engine.trustedProxies ?? [], forwardedHeader: engine.forwardedHeader },
    listLimits: limitsIn(engine, loanListLimits),
    changeFeedLimits: limitsIn(engine, changeFeedLimits),
    readLimits: limitsIn(engine, readLimits),
    consoleEnabled: engine.console,
  }
})

const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text)

/** Reads `name:scope+scope:digest`, with the digest in hex. */
function keyOf(entry: string): ApiKey | undefined {
  const [name = "", list = "", digest = "", ...more] = entry.split(":")
  const named = list.split("+")
  const isWhole = /^[A-Za-z0-9._-]{1,64}$/u.test(name) && /^[0-9a-f]{64}$/iu.test(digest) && more.length === 0
  return isWhole && named.every(isScope)
    ? { name, scopes: new Set(named), digest: Buffer.from(digest, "hex") }
    : undefined
}

const keysUnusable = (nameOf: SettingsRead["nameOf"]): ConfigUnusable =>
  new ConfigUnusable({
    message:
      `${nameOf("apiKeys")} must be a list such as shop:read+register:<digest>,desk:read+operate:<digest>. Each entry has a unique ` +
      `name (${nameOf("apiKey")} has the name default), scopes (${scopes.join(", ")}) with + between them, and the key's SHA-256 in hex.`,
  })
