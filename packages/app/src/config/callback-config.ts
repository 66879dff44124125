import type { TrustPolicy } from "@loan-engine/adapters-http/callback/accounts"
import type { CallbackCredentials } from "@loan-engine/adapters-http/http/authorization"
import { Effect, Redacted } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import type { AccountValues } from "./settings.ts"

/** How genuine callbacks of one account are recognized, and the evidence that each type of event needs. */
export interface CallbackConfig {
  /** Each is accepted: the new one and the old one during a rotation. */
  readonly callbackCredentials: ReadonlyArray<CallbackCredentials>
  readonly trustPolicy?: TrustPolicy
  /** The claim of `jwsData` with the event. Without it, the event is searched. */
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

const isMethod = (text: string): text is CallbackCredentials["method"] =>
  text === "BASIC" || text === "BEARER"

/** `undefined` if method and texts do not match. */
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
      "registered with the bank) belong together: set both or neither. While credentials are rotated, list the new and " +
      "the old ones; one that has another method begins with it, as in BEARER dG9rZW4=.",
  })
