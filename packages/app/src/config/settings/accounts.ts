import { RequiredEvidence } from "@loan-engine/adapters-http/callback/accounts"
import { callbackEventTypes } from "@loan-engine/adapters-http/message/shape"
import type { CallbackEventType } from "@loan-engine/adapters-http/message/shape"
import { Schema } from "effect"
import { kinds } from "../kinds.ts"
import { also, needing, optional, shared, withDefault } from "../setting.ts"

const { flag, text, url, secret, key, secrets, choice } = kinds

const eventTypes = Object.values(callbackEventTypes)
const required = Schema.optionalKey(RequiredEvidence)
const trustPolicy = Schema.Struct({
  CREDIT_DECISION_UPDATED: required,
  WAITING_FOR_ADDITION: required,
  SIGNED: required,
  PAID_OUT: required,
} satisfies { readonly [Type in CallbackEventType]: typeof required })
const secureOnly = "Use https. http is accepted only for a loopback address or one of `bankPlainHttpHosts`"
const bankTogether = "It needs `bankUrl`, and both `bankUsername` and `bankPassword`"
const callbackTogether = "Set both `callbackAuthMethod` and `callbackCredentials`, or neither"

/** The settings of each account: its credentials, and the evidence that its callbacks need. */
export const accountSettings = {
  currency: optional(
    kinds.currency,
    "the ISO 4217 code of the account's currency. Accounts named se, no, dk and fi have their country's currency by default",
  ),
  bankUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the bank's SOAP endpoint. Without it, the engine polls nothing for the account, and cannot register a callback URL",
      ),
    ),
  ),
  bankUsername: also(bankTogether, optional(text, "the account's user name at the bank")),
  bankPassword: also(bankTogether, optional(secret, "the password of `bankUsername`")),
  jwksUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the URL of the bank's public keys, which verify `jwsData`. Without it, the engine ignores `jwsData`",
      ),
    ),
  ),
  jwksApiKey: needing(
    "jwksUrl",
    shared(optional(key, "the key that the bank's gateway requires at `jwksUrl`")),
  ),
  callbackAuthMethod: also(
    callbackTogether,
    optional(
      choice(["BASIC", "BEARER"]),
      "the authorization method of the bank's callbacks, as you registered it at the bank",
    ),
  ),
  callbackCredentials: also(
    callbackTogether,
    optional(
      secrets,
      "the base64 text that you registered at the bank. During a rotation, give several. If one of them uses another method, begin it with that method: `BEARER dG9rZW4=`",
    ),
  ),
  callbackTrust: shared(
    optional(
      kinds.pairsOf({
        expected:
          `a list such as PAID_OUT=jws,SIGNED=bank: an event type (${eventTypes.join(", ")}) and the evidence that it needs ` +
          `(${RequiredEvidence.literals.join(", ")})`,
        example: { PAID_OUT: "jws" },
        schema: trustPolicy,
      }),
      "the evidence that each type of event needs: `credentials` (or a signature, if the account has no credentials), `jws` (a signature) or `bank` (the bank's answer to a poll). Example: `PAID_OUT=jws,SIGNED=bank`",
      "`credentials` for all types. Once the account's bank has signed a callback, the engine holds callbacks without a signature",
    ),
  ),
  callbackEventClaim: needing(
    "jwksUrl",
    shared(
      optional(text, "the claim of `jwsData` that contains the event", "the engine searches for the claim"),
    ),
  ),
  allowUnauthenticatedCallbacks: withDefault(
    flag,
    false,
    "only for an account without callback credentials. `true`: the engine holds a callback without a signature until a poll confirms it, at most `callbacksHeldPerMinuteMax` in a minute. `false`: the engine starts only with a `jwksUrl`, and refuses callbacks without a signature",
  ),
}
