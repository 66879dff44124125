import type { CallbackAccountOptions } from "@loan-engine/adapters-http/callback/accounts"
import { makeCallbackReceiver, RecordUnavailable } from "@loan-engine/adapters-http/callback/receiver"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import { isUnspokenOf } from "@loan-engine/domain/standing"
import { Effect } from "effect"
import { signsOf } from "../callbacks/signing-accounts.ts"
import type { AccountConfig, EngineConfig } from "../config/config.ts"
import { retryAfterSeconds } from "../contract/problem.ts"
import { LoanEngine } from "../record/engine.ts"

/** Makes the receiver of the bank's callbacks. It passes them to the engine's `record`. */
export const callbackReceiver = Effect.fnUntraced(function* ({ accounts, callbackLimits }: EngineConfig) {
  const engine = yield* LoanEngine
  const options: Record<string, CallbackAccountOptions> = {}
  for (const account of accounts) options[account.name] = yield* accountOptions(account)
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
  return {
    allowUnauthenticated,
    credentials: callbackCredentials,
    ...(trustPolicy === undefined ? {} : { trustPolicy }),
    ...(keys === undefined
      ? {}
      : { jws: makeJwsVerifier({ jwks: keys, ...claim }), signs: yield* signsOf(account.name) }),
  }
})

const withoutAbsent = ({ url, apiKey, route }: NonNullable<AccountConfig["jwks"]>) => ({
  url,
  route,
  ...(apiKey === undefined ? {} : { apiKey }),
})
