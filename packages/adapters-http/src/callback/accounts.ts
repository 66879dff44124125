import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import { challengesOf, isCredentialsText, makeAuthorization } from "../http/authorization.ts"
import type { CallbackCredentials } from "../http/authorization.ts"
import type { CallbackEventType } from "../message/shape.ts"
import type { JwsVerifier } from "../signature/jws-verifier.ts"
import { makeMissingSignatureWarning, signsInMemory } from "../signature/signing-watch.ts"
import type { Signs } from "../signature/signing-watch.ts"

/** What an account believes a callback on: `credentials` or better, a signature (`jws`), or the bank's own answer only. */
export const RequiredEvidence = Schema.Literals(["credentials", "jws", "bank"])
export type RequiredEvidence = typeof RequiredEvidence.Type

/** What each event type takes; `credentials` where nothing is said. */
export type TrustPolicy = { readonly [Type in CallbackEventType]?: RequiredEvidence }

/** What vouches for the callbacks of one account. */
export interface CallbackAccountOptions {
  /** As registered with the bank; several while they are being rotated. With any set, a callback must carry one. */
  readonly credentials?: ReadonlyArray<CallbackCredentials>
  /**
   * Verifies `jwsData` where the bank sends it; without a verifier `jwsData` is ignored. Without credentials, a callback that has
   * no signature is refused.
   */
  readonly jws?: JwsVerifier
  /** What each type of event is believed on; by default, credentials or a signature suffice for every type. */
  readonly trustPolicy?: TrustPolicy
  /** Without credentials: a callback that nothing vouches for is accepted, but held until a poll confirms it. */
  readonly allowUnauthenticated?: boolean
  /**
   * Whether the bank signs this account's callbacks. Once it does, a callback without a signature is held, even with the right
   * credentials. By default it is remembered until the receiver is gone.
   */
  readonly signs?: Signs
}

/** The receiver cannot start like this; `message` says what to set. */
export class CallbackConfigError extends Schema.TaggedError<CallbackConfigError>()("CallbackConfigError", {
  message: Schema.String,
}) {}

export interface CallbackAccount {
  readonly name: AccountName
  /** Absent when no credentials are configured. */
  readonly authorizes: ((header: string | null) => boolean) | undefined
  readonly jws: JwsVerifier | undefined
  readonly trustPolicy: TrustPolicy
  /** Whether what nothing vouches for is held, and not refused. */
  readonly holdsUnproven: boolean
  readonly signs: Signs
  readonly warnOfMissingSignature: Effect.Effect<void>
  /** The `WWW-Authenticate` of a 401. */
  readonly challenges: string
}

export type CallbackAccounts = ReadonlyMap<string, CallbackAccount>

const decodeAccountName = Schema.decodeUnknownOption(AccountName)

/** Checks every account's options and hashes its credentials, once. */
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
