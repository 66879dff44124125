import { hash, randomBytes, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { Scope } from "../contract/api-contract.ts"
import { scopes } from "../contract/api-contract.ts"

/** One key that callers of the API may send. Only its digest is known. */
export interface ApiKey {
  /** The name of its owner. Its rate is counted under this name. It is not secret. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** The SHA-256 of the key. A key is random and long, so a slow hash would add nothing. */
  readonly digest: Uint8Array
  /** Set for the process that embeds the engine: it has no rate limit. */
  readonly unmetered?: true
}

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer")

/** A key given as plain text, with all scopes. */
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

/** The sent key, if it is one of these. All digests are compared, so the time taken says nothing. */
export function findKey(keys: ReadonlyArray<ApiKey>, sent: string): ApiKey | undefined {
  const digest = digestOf(sent)
  let found: ApiKey | undefined
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key
  return found
}
