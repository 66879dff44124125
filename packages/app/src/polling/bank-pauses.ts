import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect } from "effect"

/*
 * Four mechanisms keep the poller from asking a bank too often. The rate (`ask-bank.ts`) limits the requests to all
 * banks together. The workers (`poll-workers.ts`) limit how many polls run at once, in total and for each account.
 * The circuit breaker of an account's client (`adapters-http/bank/guard.ts`) notices a bank that fails. A pause, in
 * this file, remembers how long an account must not be polled, because its bank or its circuit breaker asked for
 * that. During a pause no poll of the account is claimed.
 */

/** The accounts that must not be polled for a while. */
export interface BankPauses {
  /** How long the account's pause still lasts. 0 if there is none. */
  readonly remainingMs: (account: AccountName) => Effect.Effect<number>
  readonly pause: (account: AccountName, forMs: number) => Effect.Effect<void>
  /**
   * Whether the account was paused and its bank has not answered since. If so, only one request at a time is sent, as
   * a test.
   */
  readonly isOnProbation: (account: AccountName) => boolean
  readonly answered: (account: AccountName) => Effect.Effect<void>
}

/**
 * Makes the pauses. They are measured on a monotonic clock, so that a jump of the wall clock does not change them.
 */
export function makeBankPauses(): BankPauses {
  const endsAt = new Map<AccountName, number>()
  const remainingMs = (account: AccountName): Effect.Effect<number> =>
    Effect.map(steadyMillis, (now) => Math.max(0, (endsAt.get(account) ?? now) - now))
  return {
    remainingMs,
    pause: (account, forMs) =>
      Effect.map(steadyMillis, (now) => {
        endsAt.set(account, Math.max(endsAt.get(account) ?? 0, now + forMs))
      }),
    isOnProbation: (account) => endsAt.has(account),
    // If an answer arrives during the pause, its request was sent before the pause. So the answer does not show that
    // the pause is over.
    answered: (account) =>
      Effect.map(remainingMs(account), (remaining) => {
        if (remaining === 0) endsAt.delete(account)
      }),
  }
}
