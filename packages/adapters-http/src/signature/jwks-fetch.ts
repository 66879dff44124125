import { Effect, Redacted, Result } from "effect"
import { parseJson, parseJsonText } from "../message/json.ts"
import type { JsonInvalid, JsonValue } from "../message/json.ts"
import type { Exchange } from "../http/exchange.ts"
import { importKeySet } from "./jwks-keys.ts"
import type { KeySet, SignatureAlgorithm } from "./jwks-keys.ts"

/**
 * Fetches the key set. If that fails, the result is the reason, which is also logged. Neither contains the API key.
 */
export const fetchKeys = (
  exchange: Exchange,
  options: { readonly url: string; readonly apiKey?: Redacted.Redacted },
  algorithms: ReadonlyArray<SignatureAlgorithm>,
): Effect.Effect<Result.Result<KeySet, string>> => {
  const url = new URL(options.url)
  const apiKey = options.apiKey === undefined ? {} : { apikey: Redacted.value(options.apiKey) }
  const headers = { accept: "application/json", ...apiKey }
  return exchange({ url, method: "GET", headers }).pipe(
    Effect.flatMap(({ status, body }) => {
      if (status !== 200) return unfetched(`status ${status}`)
      const document = Result.flatMap(parseJson(body), unquoted)
      if (Result.isFailure(document)) return unfetched("no JSON")
      return Effect.flatMap(
        Effect.promise(() => importKeySet(document.success, algorithms)),
        (keys) => (keys === undefined ? unfetched("no key set") : fetched(keys)),
      )
    }),
    Effect.catchTag("ExchangeFailed", ({ advice }) => unfetched(advice)),
  )
}

/** Some gateways send the key set as a JSON string that contains the JSON. */
const unquoted = (document: JsonValue): Result.Result<JsonValue, JsonInvalid> =>
  typeof document === "string" ? parseJsonText(document) : Result.succeed(document)

const unfetched = (why: string): Effect.Effect<Result.Result<KeySet, string>> =>
  Effect.as(Effect.logWarning(`the bank's key set could not be fetched: ${why}`), Result.fail(why))

const fetched = (keys: KeySet): Effect.Effect<Result.Result<KeySet, string>> => {
  const { skipped } = keys
  const warning = `${skipped.length} keys of the bank's key set are not used: ${skipped.join(", ")}`
  return Effect.as(skipped.length === 0 ? Effect.void : Effect.logWarning(warning), Result.succeed(keys))
}
