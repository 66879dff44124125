import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import { challengesOf, isCredentialsText, makeAuthorization } from "../http/authorization.ts"
import type { CallbackCredentials } from "../http/authorization.ts"
import type { CallbackEventType } from "../message/shape.ts"
import type { JwsVerifier } from "../signature/jws-verifier.ts"
import { makeMissingSignatureWarning, signsInMemory } from "../signature/signing-watch.ts"
import type { Signs } from "../signature/signing-watch.ts"

/**
 * The evidence that an account requires for a callback. `credentials`: credentials or a signature. `jws`: a
 * signature. `bank`: only the bank's own answer.
 */
export const RequiredEvidence = Schema.Literals(["credentials", "jws", "bank"])
export type RequiredEvidence = typeof RequiredEvidence.Type

/** The evidence that each event type needs. The default is `credentials`. */
export type TrustPolicy = { readonly [Type in CallbackEventType]?: RequiredEvidence }

/** How the callbacks of one account are verified. */
export interface CallbackAccountOptions {
  /**
   * The credentials that were registered with the bank. During a rotation there are several. If there are any, every
   * callback must have one of them.
   */
  readonly credentials?: ReadonlyArray<CallbackCredentials>
  /**
   * Verifies `jwsData`, if the bank sends it. Without a verifier, `jwsData` is ignored. If there is a verifier and no
   * credentials, a callback without a signature is refused.
   */
  readonly jws?: JwsVerifier
  /** The evidence that each type of event needs. By default, credentials or a signature are enough for every type. */
  readonly trustPolicy?: TrustPolicy
  /**
   * For an account without credentials. If true, a callback without any proof is accepted, but held until a poll
   * confirms it.
   */
  readonly allowUnauthenticated?: boolean
  /**
   * Whether the bank signs this account's callbacks. After the first valid signature, a callback without a signature
   * is held, even if its credentials are right. By default, this is remembered as long as the receiver exists.
   */
  readonly signs?: Signs
}

/** The receiver cannot start with these options. `message` says what to set. */
export class CallbackConfigError extends Schema.TaggedError<CallbackConfigError>()("CallbackConfigError", {
  message: Schema.String,
}) {}

export interface CallbackAccount {
  readonly name: AccountName
  /** Absent if no credentials are configured. */
  readonly authorizes: ((header: string | null) => boolean) | undefined
  readonly jws: JwsVerifier | undefined
  readonly trustPolicy: TrustPolicy
  /** Whether a callback without any proof is held instead of refused. */
  readonly holdsUnproven: boolean
  readonly signs: Signs
  readonly warnOfMissingSignature: Effect.Effect<void>
  /** The `WWW-Authenticate` of a 401. */
  readonly challenges: string
}

export type CallbackAccounts = ReadonlyMap<string, CallbackAccount>

const decodeAccountName = Schema.decodeUnknownOption(AccountName)

/** Checks the options of every account, and computes the digests of its credentials once. */
export const makeCallbackAccounts = Effect.fnUntraced(function* (
  options: Readonly<Record<string, CallbackAccountOptions>>,
): Effect.fn.Return<CallbackAccounts, CallbackConfigError> {
  const accounts = new Map<string, CallbackAccount>()
  for (const [key, account] of Object.entries(options)) {
    const name = decodeAccountName(key)
    const fault = Option.isNone(name) ? faults.name : accountFault(account)
    if (fault !== undefined || Option.isNone(name)) {
      return yield* new CallbackConfigError({ message: `callback account ${JSON.stringify(key)}: ${fault}` })
    }
    const credentials = account.credentials ?? []
    accounts.set(key, {
      name: name.value,
      authorizes: credentials.length === 0 ? undefined : makeAuthorization(credentials),
      jws: account.jws,
      trustPolicy: account.trustPolicy ?? {},
      holdsUnproven: account.allowUnauthenticated ?? false,
      signs: account.signs ?? signsInMemory(),
      warnOfMissingSignature: makeMissingSignatureWarning(name.value),
      challenges: credentials.length === 0 ? signatureChallenge : challengesOf(credentials),
    })
  }
  return accounts
})

const signatureChallenge = 'JWS realm="callback"'

const faults = {
  name: "an account's name is made of letters, digits, dots, dashes and underscores",
  text: "credentials are the base64 text that setCallback registered, such as the base64 form of user:password",
  none:
    "set credentials (what setCallback registered) or jws (to verify signatures), " +
    "or set allowUnauthenticated: true to hold every callback until a poll confirms it",
} as const

function accountFault({
  credentials = [],
  jws,
  allowUnauthenticated = false,
}: CallbackAccountOptions): string | undefined {
  if (!credentials.every((each) => isCredentialsText(each.credentials))) return faults.text
  if (credentials.length === 0 && jws === undefined && !allowUnauthenticated) return faults.none
  return undefined
}
