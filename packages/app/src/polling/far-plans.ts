import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"

/** How many loans one statement corrects, so that other writes can happen in between. */
const loansAtOnceMax = 500

/**
 * Makes polls due that are planned further ahead than any valid plan: a wrong clock planned them, and the loan would
 * not be polled until then. The poller still limits how many are polled at once.
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
    "a wrong clock had planned polls too far ahead. They are due now. Run: loan-engine doctor",
  ).pipe(Effect.annotateLogs({ loans, aheadMs }))
})
