import { hash, randomBytes, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { Scope } from "../contract/api-contract.ts"
import { scopes } from "../contract/api-contract.ts"

/** One key that callers of the API may send. Only its digest is stored. */
export interface ApiKey {
  /** The name of its owner. It is not secret. Requests are counted by this name. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** The SHA-256 of the key. A key is random and long, so a slow hash would add nothing. */
  readonly digest: Uint8Array
  /** Set for the process that embeds the engine. Its requests have no rate limit. */
  readonly unmetered?: true
}

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer")

/** A key in plain text, with all scopes. */
export const allScopesKey = (key: Redacted.Redacted): ApiKey => ({
  name: "default",
  scopes: new Set(scopes),
  digest: digestOf(Redacted.value(key)),
})

/** The key of the process that embeds the engine. Nobody else knows it, and it ends with the process. */
export function ownKey(): { readonly key: string; readonly apiKey: ApiKey } {
  const key = randomBytes(32).toString("base64url")
  const name = "the process itself"
  return { key, apiKey: { name, scopes: new Set(scopes), digest: digestOf(key), unmetered: true } }
}

/** The key that was sent, if it is known. All digests are compared, so that the time reveals nothing. */
export function findKey(keys: ReadonlyArray<ApiKey>, sent: string): ApiKey | undefined {
  const digest = digestOf(sent)
  let found: ApiKey | undefined
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key
  return found
}
