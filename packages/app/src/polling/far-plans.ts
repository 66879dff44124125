import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"

/** How many loans one statement brings back, so that others can write in between. */
const loansAtOnceMax = 500

/**
 * Makes due whatever is planned further ahead than a plan can reach: the clock that it was planned by was wrong, and nobody
 * would hear of the loan until then. How many are asked about at once is the poller's to say, as ever.
 */
export const bringBackFarPlans = Effect.fnUntraced(function* (
  accounts: ReadonlyArray<AccountName>,
  aheadMs: number,
): Effect.fn.Return<void, StoreUnavailable, LoanStore> {
  const store = yield* LoanStore
  let loans = 0
  for (const account of accounts) {
    for (const confirm of [true, false]) {
      for (let brought = loansAtOnceMax; brought === loansAtOnceMax; loans += brought) {
        const now = yield* Clock.currentTimeMillis
        brought = yield* store.bringBack({ account, confirm, now, aheadMs, limit: loansAtOnceMax })
      }
    }
  }
  if (loans === 0) return
  yield* Effect.logWarning(
    "polls were planned too far ahead, by a clock that was wrong, and are due now: run loan-engine doctor",
  ).pipe(Effect.annotateLogs({ loans, aheadMs }))
})
