import { createHmac, randomBytes } from "node:crypto"
import { Effect, Redacted } from "effect"

/**
 * A symmetric secret is 24 to 64 bytes, in base64 after this prefix. Source: Standard Webhooks 1.0, "Signature
 * scheme".
 */
const prefix = "whsec_"
const keyBytesMin = 24
const keyBytesMax = 64
const keyBytesNew = 32

/** Reads the key from a secret, `whsec_…`. `undefined` if the text is no secret. */
export function keyOf(secret: string): Uint8Array | undefined {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : ""
  const key = Buffer.from(text, "base64")
  const isWhole = key.toString("base64").replace(/=+$/u, "") === text.replace(/=+$/u, "")
  return isWhole && key.length >= keyBytesMin && key.length <= keyBytesMax ? key : undefined
}

/** Makes a new secret. The merchant puts it into the settings of the engine and of the receiver. */
export const newSecret: Effect.Effect<string> = Effect.sync(
  () => prefix + randomBytes(keyBytesNew).toString("base64"),
)

/**
 * The value of `webhook-signature`: one signature for each key, separated by spaces.
 *
 * @param at when the webhook is sent, in whole seconds
 */
export const signatures = (
  keys: Redacted.Redacted<ReadonlyArray<Uint8Array>>,
  id: string,
  at: number,
  body: string,
): string =>
  Redacted.value(keys)
    .map((key) => `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`)
    .join(" ")
