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
const secureOnly = "https, or http to a loopback address or to one of `bankPlainHttpHosts`"
const bankTogether = "refused without `bankUrl` and the other of the two"
const callbackTogether = "refused without the other of `callbackAuthMethod` and `callbackCredentials`"

/** The settings of each account: its credentials, and the evidence that its callbacks need. */
export const accountSettings = {
  currency: optional(
    kinds.currency,
    "the ISO 4217 code of the currency of its amounts; accounts named se, no, dk and fi default to their country's",
  ),
  bankUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the bank's SOAP endpoint; without it the engine polls nothing and can register no callback URL",
      ),
    ),
  ),
  bankUsername: also(bankTogether, optional(text, "the account's user name at the bank")),
  bankPassword: also(bankTogether, optional(secret, "the password of that user")),
  jwksUrl: also(
    secureOnly,
    shared(
      optional(
        url,
        "the URL of the bank's public keys, to verify `jwsData`; without it the engine ignores `jwsData`",
      ),
    ),
  ),
  jwksApiKey: needing(
    "jwksUrl",
    shared(optional(key, "the key that the bank's gateway requires at that URL")),
  ),
  callbackAuthMethod: also(
    callbackTogether,
    optional(choice(["BASIC", "BEARER"]), "how the bank authorizes its callbacks, as registered at the bank"),
  ),
  callbackCredentials: also(
    callbackTogether,
    optional(
      secrets,
      "the base64 text that was registered; several during a rotation. If one uses another method, begin it with that method: `BEARER dG9rZW4=`",
    ),
  ),
  callbackTrust: shared(
    optional(
      kinds.pairsOf({
        expected:
          `a list such as PAID_OUT=jws,SIGNED=bank: an event type (${eventTypes.join(", ")}) and what it is believed on ` +
          `(${RequiredEvidence.literals.join(", ")})`,
        example: { PAID_OUT: "jws" },
        schema: trustPolicy,
      }),
      "the evidence that each type of event needs: `credentials` (or a signature), `jws` (a signature) or `bank` (the bank's answer to a poll), as in `PAID_OUT=jws,SIGNED=bank`",
      "`credentials` for all; but once the account's bank has signed a callback, one without a signature is held",
    ),
  ),
  callbackEventClaim: needing(
    "jwksUrl",
    shared(optional(text, "the claim of `jwsData` that carries the event", "the engine looks for it")),
  ),
  allowUnauthenticatedCallbacks: withDefault(
    flag,
    false,
    "for an account without callback credentials. `true`: a callback without a signature is held until a poll confirms it, at most `callbacksHeldPerMinuteMax` of them. `false`: the engine does not start without a JWKS, and refuses callbacks without a signature",
  ),
}
