import type { Signs } from "@loan-engine/adapters-http/signature/signing-watch"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { Scope } from "effect"
import { LoanStore } from "../ports/loan-store.ts"
import { atOnceAndRecurring } from "../ports/recurring.ts"

/** How soon an engine learns that another engine has seen an account's bank sign. */
export const signingReadMs = 10_000

/** Whether an account's bank signs. The store remembers it across restarts and for every engine that uses the store. */
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
  // This happens before the first callback is accepted. Otherwise an unsigned one could be believed after a restart.
  yield* Effect.ignore(look)
  yield* atOnceAndRecurring(
    "the record of which banks sign could not be read or written",
    signingReadMs,
    Effect.suspend(() => {
      if (isKept) return Effect.void
      return isSeen ? keep : look
    }),
  )
  return {
    isSeen: () => isSeen,
    // It counts at once. If the store cannot keep it now, the next round tries again.
    see: Effect.suspend(() => {
      isSeen = true
      return Effect.ignore(keep)
    }),
  }
})
