import { Data, Effect } from "effect"
import type { Finding } from "../audit/finding.ts"
import { replayJournal } from "../audit/replay-journal.ts"
import { verifyJournal } from "../audit/verify-journal.ts"
import type { Verification } from "../audit/verify-journal.ts"
import type { Anchor } from "../journal/anchor.ts"
import type { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"

/** A store was altered, or a replay does not give its snapshots. It is not used. */
export class StoreUnsound extends Data.TaggedError("StoreUnsound")<{
  readonly message: string
  readonly findings: ReadonlyArray<Finding>
  readonly findingsCount: number
}> {}

/**
 * Verifies and replays a store. Any finding ends the copy. If a loan had no news for `restMs`, its polling may have
 * ended.
 */
export const judged = Effect.fnUntraced(function* (
  what: string,
  restMs: number,
  anchors: ReadonlyArray<Anchor> = [],
): Effect.fn.Return<Verification, StoreUnavailable | StoreUnsound, JournalStore> {
  const verified = yield* verifyJournal(anchors, undefined, restMs)
  const replayed = yield* replayJournal()
  const findingsCount = verified.findingsCount + replayed.findingsCount
  if (findingsCount === 0) return verified
  return yield* new StoreUnsound({
    message: `${what} was altered, so it is not used. Look with: loan-engine journal verify, journal replay`,
    findings: [...verified.findings, ...replayed.findings],
    findingsCount,
  })
})
