import type { Signs } from "@loan-engine/adapters-http/signature/signing-watch"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { Scope } from "effect"
import { LoanStore } from "../ports/loan-store.ts"
import { atOnceAndRecurring } from "../ports/recurring.ts"

/** How soon an engine learns from the store that another engine has seen a signature of an account's bank. */
export const signingReadMs = 10_000

/**
 * Whether an account's bank signs its callbacks. The store remembers this across restarts, and for every engine that
 * uses it.
 */
export const signsOf = Effect.fnUntraced(function* (
  account: AccountName,
): Effect.fn.Return<Signs, never, LoanStore | Scope.Scope> {
  const store = yield* LoanStore
  // Until the store has answered, the bank may sign.
  let isSeen: boolean | undefined
  let isKept = false
  const look = Effect.map(store.signingSince(account), (since) => {
    isKept ||= since !== undefined
    isSeen = isKept || isSeen === true
  })
  const keep = Clock.currentTimeMillis.pipe(
    Effect.flatMap((now) => store.markSigning(account, now)),
    Effect.andThen(Effect.sync(() => void (isKept = true))),
  )
  // The first look must happen before the engine accepts the first callback. Otherwise an engine could believe an
  // unsigned callback after a restart.
  yield* Effect.ignore(look)
  yield* atOnceAndRecurring(
    "the record of which banks sign could not be read or written",
    signingReadMs,
    Effect.suspend(() => {
      if (isKept) return Effect.void
      return isSeen === true ? keep : look
    }),
  )
  return {
    isSeen: () => isSeen ?? true,
    // A signature counts at once. If the store cannot save that now, the next round tries again.
    see: Effect.suspend(() => {
      if (isSeen === true) return Effect.void
      isSeen = true
      return Effect.ignore(keep)
    }),
  }
})
