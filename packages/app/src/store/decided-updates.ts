import type { Instant } from "@loan-engine/domain/instant"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Change, StoredLoan } from "../ports/loan-store.ts"
import { watermarkText } from "../schedule/watermark.ts"

/** A request to change one loan. `decide` runs when the change is written, on the loan's state at that time. */
export interface Update {
  readonly reference: ApplicationReference
  /** If the result is `undefined`, nothing must be written for the loan's current state. */
  readonly decide: (stored: StoredLoan | undefined, storeNow: Instant | undefined) => Change | undefined
}

/**
 * How many of a loan's newest entries are searched for an earlier delivery of the same message. The limit keeps the
 * cost independent of the journal's length. If an earlier delivery is older, the repeat becomes a new entry, and
 * further repeats are counted there.
 */
export const earlierEntriesMax = 256

/** What was decided about one update of a batch, before anything is written. */
export type DecidedUpdate =
  | { readonly state: "decided"; readonly stored: StoredLoan | undefined; readonly change: Change }
  /** For the loan's current state, nothing must be written. */
  | { readonly state: "declined"; readonly stored: StoredLoan | undefined }
  /** Earlier changes of this batch must be written before this update can be decided. */
  | { readonly state: "again" }
  | { readonly state: "defect"; readonly defect: unknown }

/**
 * Decides a batch of updates in order. Each is decided on the result of those before it, with two exceptions, which
 * wait for the next batch:
 *
 * - After a change that adds nothing, later updates of the same loan wait. The store may count that change on an
 *   earlier row instead of writing it, and only the store knows.
 * - An update that is declined because of a change in the same batch waits too, because that change may still fail.
 */
export function decideInOrder(
  updates: ReadonlyArray<Update>,
  load: (reference: ApplicationReference) => StoredLoan | undefined,
  storeNow?: Instant,
): ReadonlyArray<DecidedUpdate> {
  const pending = new Map<ApplicationReference, StoredLoan>()
  const closed = new Set<ApplicationReference>()
  return updates.map(({ reference, decide }) => {
    if (closed.has(reference)) return { state: "again" }
    try {
      const ahead = pending.get(reference)
      const stored = ahead ?? load(reference)
      const change = decide(stored, storeNow)
      if (change === undefined)
        return ahead === undefined ? { state: "declined", stored } : { state: "again" }
      if (change.addsNothing) closed.add(reference)
      if (change.addsNothing && ahead !== undefined) return { state: "again" }
      pending.set(reference, after(change))
      return { state: "decided", stored, change }
    } catch (defect) {
      return { state: "defect", defect }
    }
  })
}

const after = ({ loan, entry, schedule, watermark }: Change): StoredLoan => ({
  loan,
  chainHead: entry.hash,
  schedule,
  ...(watermark === undefined ? {} : { watermark, mark: watermarkText(watermark) }),
})
