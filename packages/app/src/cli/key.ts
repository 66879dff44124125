import { hash, randomBytes } from "node:crypto"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { jsonFlag, print } from "./output.ts"

/** In bytes. */
const keyBytes = 32

/** `loan-engine key`: prints a new key for callers of the API, and its digest. It stores neither. */
export const key = Command.make(
  "key",
  { json: jsonFlag },
  Effect.fn(function* ({ json }) {
    const made = yield* Effect.sync(() => randomBytes(keyBytes).toString("base64url"))
    const sha256 = hash("sha256", made)
    yield* print(json, { key: made, sha256 }, [made, `SHA-256 for LOAN_ENGINE_API_KEYS: ${sha256}`])
  }),
).pipe(
  Command.withDescription("Print a new random key for callers of the API, and its digest; neither is stored"),
)
