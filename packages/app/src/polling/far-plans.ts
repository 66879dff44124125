import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { Scope } from "effect"
import { Banks } from "../ports/banks.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { atOnceAndRecurring } from "../ports/recurring.ts"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"
import { planAheadMsMax } from "../schedule/poll-cadence.ts"

/** How often the engine searches for polls that a wrong clock has planned. It also searches when it starts. */
const farPlansEveryMs = 3_600_000

/** How many loans one statement corrects. Other writes can happen between two statements. */
const loansAtOnceMax = 500

/** Corrects polls that a wrong clock has planned, when the engine starts and then every hour. */
export const watchFarPlans = Effect.fnUntraced(function* (
  cadence: CadenceSettings,
): Effect.fn.Return<void, never, LoanStore | Banks | Scope.Scope> {
  const store = yield* LoanStore
  const accounts = [...(yield* Banks).keys()]
  yield* atOnceAndRecurring(
    "polls that a wrong clock planned could not be corrected",
    farPlansEveryMs,
    Effect.provideService(bringBackFarPlans(accounts, planAheadMsMax(cadence)), LoanStore, store),
  )
})

/**
 * Makes polls due that are planned further ahead than any valid plan. A wrong clock planned them, and without a
 * correction the loan would not be polled until then. The poller still limits how many polls run at once.
 */
const bringBackFarPlans = Effect.fnUntraced(function* (
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
