import { steadyMillis } from "@loan-engine/adapters-http/http/rate"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect } from "effect"

/*
 * What keeps the poller from asking a bank too much, one mechanism a job. The rate (`ask-bank.ts`) spaces the requests to all
 * banks. The workers (`poll-workers.ts`) bound how many run at once, for each account too. The circuit of an account's client
 * (`adapters-http/bank/guard.ts`) notices a bank that fails. A pause remembers how long a bank, or its circuit, wants no
 * request, so that no poll is claimed meanwhile.
 */

/** The accounts whose bank must not be polled for a while. */
export interface BankPauses {
  /** How long the account's pause still lasts. 0 if it may be polled. */
  readonly remainingMs: (account: AccountName) => Effect.Effect<number>
  readonly pause: (account: AccountName, forMs: number) => Effect.Effect<void>
  /** Whether the account had a pause and its bank has not answered since. Then one request at a time tests it. */
  readonly isOnProbation: (account: AccountName) => boolean
  readonly answered: (account: AccountName) => Effect.Effect<void>
}

/** A pause is measured on a monotonic clock, so that a jump of the wall clock cannot prolong it. */
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
    // An answer during the pause belongs to a request from before it. It says nothing about later requests.
    answered: (account) =>
      Effect.map(remainingMs(account), (remaining) => {
        if (remaining === 0) endsAt.delete(account)
      }),
  }
}
