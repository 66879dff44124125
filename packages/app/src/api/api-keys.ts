import { hash, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { Scope } from "./api-contract.ts"
import { scopes } from "./api-contract.ts"

/** One key that callers of the API may send: only its digest is known. */
export interface ApiKey {
  /** Who has it: what its rate is counted under, and nothing secret. */
  readonly name: string
  readonly scopes: ReadonlySet<Scope>
  /** The SHA-256 of the key. A key is random and long, so that a slow hash would add nothing. */
  readonly digest: Uint8Array
}

const digestOf = (text: string): Buffer => hash("sha256", text, "buffer")

/** A key given in clear, with all scopes. */
export const allScopesKey = (key: Redacted.Redacted): ApiKey => ({
  name: "default",
  scopes: new Set(scopes),
  digest: digestOf(Redacted.value(key)),
})

/** The key that was sent, if it is one of these. Every digest is compared, so that the time taken tells nothing. */
export function findKey(keys: ReadonlyArray<ApiKey>, sent: string): ApiKey | undefined {
  const digest = digestOf(sent)
  let found: ApiKey | undefined
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key
  return found
}
