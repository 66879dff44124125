import type { Signs } from "@loan-engine/adapters-http/signature/signing-watch"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { Scope } from "effect"
import { LoanStore } from "../ports/loan-store.ts"
import { atOnceAndRecurring } from "../ports/recurring.ts"

/** How soon one engine learns that another has seen an account's bank sign. */
export const signingReadMs = 10_000

/** Whether an account's bank signs, remembered by the store: across restarts, and for every engine on it. */
export const signsOf = Effect.fnUntraced(function* (
  account: AccountName,
): Effect.fn.Return<Signs, never, LoanStore | Scope.Scope> {
  const store = yield* LoanStore
  let isSeen = false
  let isKept = false
  const look = Effect.map(store.signingSince(account), (since) => {
    isKept ||= since !== undefined
    isSeen ||= isKept
  })
  const keep = Clock.currentTimeMillis.pipe(
    Effect.flatMap((now) => store.markSigning(account, now)),
    Effect.andThen(Effect.sync(() => void (isKept = true))),
  )
  // Before the first callback is taken, or one without a signature could be believed after a restart.
  yield* Effect.ignore(look)
  yield* atOnceAndRecurring(
    "whether the bank signs could not be read or kept",
    signingReadMs,
    Effect.suspend(() => {
      if (isKept) return Effect.void
      return isSeen ? keep : look
    }),
  )
  return {
    isSeen: () => isSeen,
    // It counts at once; a store that cannot keep it now is asked to with the next look.
    see: Effect.suspend(() => {
      isSeen = true
      return Effect.ignore(keep)
    }),
  }
})
