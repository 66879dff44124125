import { hash, randomBytes, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { Scope } from "../contract/api-contract.ts"
import { scopes } from "../contract/api-contract.ts"

/** One key that callers of the API may send: only its digest is known. */
export interface ApiKey {
  /** Who has it: what its rate is counted under, and nothing secret. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** The SHA-256 of the key. A key is random and long, so that a slow hash would add nothing. */
  readonly digest: Uint8Array
  /** Set for the process that the engine lives in: its rate is its own affair. */
  readonly unmetered?: true
}

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer")

/** A key given in clear, with all scopes. */
export const allScopesKey = (key: Redacted.Redacted): ApiKey => ({
  name: "default",
  scopes: new Set(scopes),
  digest: digestOf(Redacted.value(key)),
})

/** The key of the process that the engine lives in: known to nobody else, and gone with it. */
export function ownKey(): { readonly key: string; readonly apiKey: ApiKey } {
  const key = randomBytes(32).toString("base64url")
  const name = "the process itself"
  return { key, apiKey: { name, scopes: new Set(scopes), digest: digestOf(key), unmetered: true } }
}

/** The key that was sent, if it is one of these. Every digest is compared, so that the time taken tells nothing. */
export function findKey(keys: ReadonlyArray<ApiKey>, sent: string): ApiKey | undefined {
  const digest = digestOf(sent)
  let found: ApiKey | undefined
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key
  return found
}
