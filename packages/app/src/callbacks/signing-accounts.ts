import type { Signs } from "@loan-engine/adapters-http/signing-watch"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import type { Scope } from "effect"
import { LoanStore } from "../loan-store.ts"
import { atOnceAndRecurring } from "../recurring.ts"

/** How soon one engine learns that another has seen an account's bank sign. */
const signingReadMs = 10_000

/** Whether an account's bank signs, remembered by the store: across restarts, and for every engine on it. */
export const signsOf = Effect.fnUntraced(function* (
  account: AccountName,
): Effect.fn.Return<Signs, never, LoanStore | Scope.Scope> {
  const store = yield* LoanStore
  let isSeen = false
  const look = Effect.map(store.signingSince(account), (since) => {
    isSeen ||= since !== undefined
  })
  // Before the first callback is taken, or one without a signature could be believed after a restart.
  yield* Effect.ignore(look)
  yield* atOnceAndRecurring(
    "it could not be read whether the bank signs",
    signingReadMs,
    Effect.suspend(() => (isSeen ? Effect.void : look)),
  )
  return {
    isSeen: () => isSeen,
    // A store that cannot take it takes no callback either, and the next one that is signed tries again.
    see: Clock.currentTimeMillis.pipe(
      Effect.flatMap((now) => store.markSigning(account, now)),
      Effect.andThen(Effect.sync(() => void (isSeen = true))),
      Effect.ignore,
    ),
  }
})
