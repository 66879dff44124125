import { isJsonList, isJsonObject, JsonNumber, parseJson } from "@loan-engine/adapters-http/message/json"
import type { JsonValue } from "@loan-engine/adapters-http/message/json"
import { Result } from "effect"

/**
 * Reads a body's JSON as strictly as a callback's: UTF-8 only, no member twice, limited depth. Numbers become their
 * source text, so that no digit of an amount is lost. The failure is a text that says what is wrong. It repeats
 * nothing from the body.
 */
export const jsonIn = (bytes: Uint8Array): Result.Result<unknown, string> =>
  Result.mapError(Result.map(parseJson(bytes), plain), ({ message }) => message)

function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.source
  if (isJsonList(value)) return value.map(plain)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
}
