import { isJsonList, isJsonObject, JsonNumber, parseJson } from "@loan-engine/adapters-http/message/json"
import type { JsonValue } from "@loan-engine/adapters-http/message/json"
import { Result } from "effect"

/**
 * A body's JSON, read as strictly as a callback's: no member twice, UTF-8 only, limited depth. Numbers are their source
 * text, so that no digit of an amount is lost. It fails with a text that says what is wrong and repeats nothing of the
 * body.
 */
export const jsonIn = (bytes: Uint8Array): Result.Result<unknown, string> =>
  Result.mapError(Result.map(parseJson(bytes), plain), ({ message }) => message)

function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.source
  if (isJsonList(value)) return value.map(plain)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}
