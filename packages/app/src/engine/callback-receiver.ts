import type { CallbackAccountOptions } from "@loan-engine/adapters-http/callback/accounts"
import { makeCallbackReceiver, RecordUnavailable } from "@loan-engine/adapters-http/callback/receiver"
import { isLoopback } from "@loan-engine/adapters-http/http/secure-url"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import type { AccountName } from "@loan-engine/domain/observation"
import { isUnspokenOf } from "@loan-engine/domain/standing"
import { Effect } from "effect"
import { signsOf } from "../callbacks/signing-accounts.ts"
import { isGuessable } from "../config/callback-config.ts"
import type { AccountConfig, EngineConfig } from "../config/config.ts"
import { retryAfterSeconds } from "../contract/problem.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { LoanEngine } from "../record/engine.ts"

/** Makes the receiver of the bank's callbacks. It passes them to the engine's `record`. */
export const callbackReceiver = Effect.fnUntraced(function* ({
  accounts,
  callbackLimits,
  host,
}: EngineConfig) {
  const engine = yield* LoanEngine
  const options: Record<string, CallbackAccountOptions> = {}
  for (const account of accounts) {
    options[account.name] = yield* accountOptions(account)
    if (!isLoopback(host) && account.callbackCredentials.some(isGuessable))
      yield* warnOfGuessableCredentials(account.name)
  }
  return yield* makeCallbackReceiver({
    accounts: options,
    limits: callbackLimits,
    record: (observation, raw) =>
      engine.record(observation, raw).pipe(
        Effect.map(({ disposition, hold }) => ({ disposition, ...(hold === null ? {} : { hold }) })),
        Effect.mapError(({ message }) => new RecordUnavailable({ retryAfterSeconds, message })),
      ),
    isKnown: (reference) =>
      engine.loan(reference).pipe(
        Effect.map((stored) => stored !== undefined && !isUnspokenOf(stored.loan)),
        Effect.orElseSucceed(() => false),
      ),
  })
})

const accountOptions = Effect.fnUntraced(function* (account: AccountConfig) {
  const { jwks, callbackCredentials, trustPolicy, eventClaim, allowUnauthenticated } = account
  const keys = jwks === undefined ? undefined : yield* makeJwks(withoutAbsent(jwks))
  const claim = eventClaim === undefined ? {} : { eventClaim }
  if (keys === undefined) yield* warnOfIgnoredSignatures(account.name)
  return {
    allowUnauthenticated,
    credentials: callbackCredentials,
    ...(trustPolicy === undefined ? {} : { trustPolicy }),
    ...(keys === undefined
      ? {}
      : { jws: makeJwsVerifier({ jwks: keys, ...claim }), signs: yield* signsOf(account.name) }),
  }
})

const warnOfGuessableCredentials = (account: AccountName): Effect.Effect<void> =>
  Effect.logWarning("the callback credentials are so short that somebody can guess them").pipe(
    Effect.annotateLogs({ account }),
  )

/** Without a key set, a signature is no proof, and its absence is no incident. */
const warnOfIgnoredSignatures = Effect.fnUntraced(function* (account: AccountName) {
  const since = yield* Effect.orElseSucceed((yield* LoanStore).signingSince(account), () => undefined)
  if (since !== undefined)
    yield* Effect.logWarning(
      "this account's bank has signed callbacks, but no key set is configured, so signatures are ignored",
    ).pipe(Effect.annotateLogs({ account, since: new Date(since).toISOString() }))
})

const withoutAbsent = ({ url, apiKey, route }: NonNullable<AccountConfig["jwks"]>) => ({
  url,
  route,
  ...(apiKey === undefined ? {} : { apiKey }),
})
