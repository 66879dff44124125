import type { TrustPolicy } from "@loan-engine/adapters-http/callback/accounts"
import type { CallbackCredentials } from "@loan-engine/adapters-http/http/authorization"
import { Effect, Redacted } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import type { AccountValues } from "./settings.ts"

/** How the callbacks of one account are verified, and which evidence each type of event needs. */
export interface CallbackConfig {
  /** All accepted credentials. During a rotation there are two: the new and the old credentials. */
  readonly callbackCredentials: ReadonlyArray<CallbackCredentials>
  readonly trustPolicy?: TrustPolicy
  /** The claim of `jwsData` that contains the event. If absent, the verifier searches for the event. */
  readonly eventClaim?: string
  readonly allowUnauthenticated: boolean
}

/** Checks and reads an account's callback settings. */
export const callbackConfig = (
  account: AccountValues,
  called: (setting: string) => string,
): Effect.Effect<CallbackConfig, ConfigUnusable> => {
  const { callbackTrust, callbackEventClaim, allowUnauthenticatedCallbacks } = account
  const callbackCredentials = credentialsOf(account)
  if (callbackCredentials === undefined) return Effect.fail(credentialsUnusable(called))
  return Effect.succeed({
    callbackCredentials,
    trustPolicy: callbackTrust ?? {},
    ...(callbackEventClaim === undefined ? {} : { eventClaim: callbackEventClaim }),
    allowUnauthenticated: allowUnauthenticatedCallbacks,
  })
}

/**
 * How many characters a key, or the secret of callback credentials, should have at least. A random one of this length
 * has 64 bits in hex, and 96 in base64.
 */
export const secretLengthMin = 16

/** Whether somebody could guess the credentials, because their secret is short. In BASIC, the user's name is no secret. */
export function isGuessable({ method, credentials }: CallbackCredentials): boolean {
  const text = Redacted.value(credentials)
  if (method === "BEARER") return text.length < secretLengthMin
  const pair = Buffer.from(text, "base64").toString()
  return pair.slice(pair.indexOf(":") + 1).length < secretLengthMin
}

const isMethod = (text: string): text is CallbackCredentials["method"] =>
  text === "BASIC" || text === "BEARER"

/** Reads the credentials. `undefined` if the method and the credentials do not fit together. */
function credentialsOf({
  callbackAuthMethod: method,
  callbackCredentials: given,
}: AccountValues): ReadonlyArray<CallbackCredentials> | undefined {
  const list = given === undefined ? [] : Redacted.value(given)
  if (method !== undefined && list.length === 0) return undefined
  const credentials: Array<CallbackCredentials> = []
  for (const entry of list) {
    const [first = "", second, ...more] = entry.split(/ +/u)
    const own = second === undefined ? method : isMethod(first) ? first : undefined
    if (own === undefined || more.length > 0) return undefined
    credentials.push({ method: own, credentials: Redacted.make(second ?? first) })
  }
  return credentials
}

const credentialsUnusable = (called: (setting: string) => string): ConfigUnusable =>
  new ConfigUnusable({
    message:
      `${called("callbackAuthMethod")} (BASIC or BEARER) and ${called("callbackCredentials")} (the base64 text as ` +
      "registered with the bank) belong together: set both or neither. While you rotate credentials, list the new and " +
      "the old ones. If one of them has another method, write the method before it, as in BEARER dG9rZW4=.",
  })
