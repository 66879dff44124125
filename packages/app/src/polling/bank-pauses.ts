import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"

/** Which accounts' bank is to be left alone for a while. */
export interface BankPauses {
  /** How long an account is still to be left alone; 0 for one that may be asked. */
  readonly remainingMs: (account: AccountName) => Effect.Effect<number>
  readonly pause: (account: AccountName, forMs: number) => Effect.Effect<void>
  /** Whether the account was left alone and has not answered since: then one request at a time finds out. */
  readonly isOnProbation: (account: AccountName) => boolean
  readonly answered: (account: AccountName) => Effect.Effect<void>
}

/** A pause is measured on a clock that nobody sets, so that a jump of the wall clock cannot prolong it. */
export function makeBankPauses(): BankPauses {
  const endsAt = new Map<AccountName, number>()
  const remainingMs = (account: AccountName): Effect.Effect<number> =>
    Effect.map(monotonicMs, (now) => Math.max(0, Math.ceil((endsAt.get(account) ?? now) - now)))
  return {
    remainingMs,
    pause: (account, forMs) =>
      Effect.map(monotonicMs, (now) => {
        endsAt.set(account, Math.max(endsAt.get(account) ?? 0, now + forMs))
      }),
    isOnProbation: (account) => endsAt.has(account),
    // An answer that comes during the pause was asked for before it, and says nothing of what comes after.
    answered: (account) =>
      Effect.map(remainingMs(account), (remaining) => {
        if (remaining === 0) endsAt.delete(account)
      }),
  }
}

const nanosPerMs = 1e6
const monotonicMs = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / nanosPerMs)
