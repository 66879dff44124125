import { RequiredEvidence } from "@loan-engine/adapters-http/callback-accounts"
import type { TrustPolicy } from "@loan-engine/adapters-http/callback-accounts"
import type { CallbackCredentials } from "@loan-engine/adapters-http/callback-authorization"
import { callbackEventTypes } from "@loan-engine/adapters-http/callback-message"
import type { CallbackEventType } from "@loan-engine/adapters-http/callback-message"
import { Config, Effect, Option, Redacted, Schema } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"

/** What tells a genuine callback of one account, and what each type of event is believed on. */
export interface CallbackConfig {
  /** Each is accepted: the new one beside the old one while they are rotated. */
  readonly callbackCredentials: ReadonlyArray<CallbackCredentials>
  readonly trustPolicy?: TrustPolicy
  /** The claim that carries the event in `jwsData`; without it the event is looked for. */
  readonly eventClaim?: string
  readonly allowUnauthenticated: boolean
}

const Method = Schema.Literals(["BASIC", "BEARER"])
const isMethod = Schema.is(Method)
const isRequired = Schema.is(RequiredEvidence)

export const callbackEnvironment = Config.all({
  callbackAuthMethod: Config.option(Config.schema(Method, "LOAN_ENGINE_CALLBACK_AUTH_METHOD")),
  callbackCredentials: Config.option(Config.Redacted("LOAN_ENGINE_CALLBACK_CREDENTIALS")),
  callbackTrust: Config.withDefault(Config.String("LOAN_ENGINE_CALLBACK_TRUST"), ""),
  callbackEventClaim: Config.option(Config.String("LOAN_ENGINE_CALLBACK_EVENT_CLAIM")),
  allowUnauthenticated: Config.withDefault(
    Config.Boolean("LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS"),
    false,
  ),
})
type Settings = Config.Success<typeof callbackEnvironment>

/** Checks and reads an account's callback settings. */
export const callbackConfig = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<CallbackConfig, ConfigUnusable> {
  const eventClaim = Option.getOrUndefined(settings.callbackEventClaim)
  return {
    callbackCredentials: yield* credentialsOf(settings),
    trustPolicy: yield* trustPolicyOf(settings.callbackTrust),
    ...(eventClaim === undefined ? {} : { eventClaim }),
    allowUnauthenticated: settings.allowUnauthenticated,
  }
})

const listed = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")

const credentialsOf = Effect.fnUntraced(function* (
  settings: Settings,
): Effect.fn.Return<ReadonlyArray<CallbackCredentials>, ConfigUnusable> {
  const method = Option.getOrUndefined(settings.callbackAuthMethod)
  const list = listed(Redacted.value(Option.getOrElse(settings.callbackCredentials, () => Redacted.make(""))))
  if (method !== undefined && list.length === 0) return yield* credentialsUnusable
  const credentials: Array<CallbackCredentials> = []
  for (const entry of list) {
    const [first = "", second, ...more] = entry.split(/ +/u)
    const own = second === undefined ? method : isMethod(first) ? first : undefined
    if (own === undefined || more.length > 0) return yield* credentialsUnusable
    credentials.push({ method: own, credentials: Redacted.make(second ?? first) })
  }
  return credentials
})

const credentialsUnusable = new ConfigUnusable({
  message:
    "LOAN_ENGINE_CALLBACK_AUTH_METHOD (BASIC or BEARER) and LOAN_ENGINE_CALLBACK_CREDENTIALS (the base64 text as " +
    "registered with the bank) belong together: set both or neither. While credentials are rotated, list the new and " +
    "the old ones, separated by commas; one that has another method begins with it, as in BEARER dG9rZW4=.",
})

const eventTypes: ReadonlySet<string> = new Set(Object.values(callbackEventTypes))
const isEventType = (text: string): text is CallbackEventType => eventTypes.has(text)

const trustPolicyOf = Effect.fnUntraced(function* (
  text: string,
): Effect.fn.Return<TrustPolicy, ConfigUnusable> {
  const policy: { [Type in CallbackEventType]?: RequiredEvidence } = {}
  for (const entry of listed(text)) {
    const [type = "", required = "", ...more] = entry.split("=").map((part) => part.trim())
    if (!isEventType(type) || !isRequired(required) || more.length > 0) {
      return yield* new ConfigUnusable({
        message:
          "LOAN_ENGINE_CALLBACK_TRUST must be a list such as PAID_OUT=jws,SIGNED=bank: an event type " +
          `(${[...eventTypes].join(", ")}) and what it is believed on (${RequiredEvidence.literals.join(", ")}).`,
      })
    }
    policy[type] = required
  }
  return policy
})
