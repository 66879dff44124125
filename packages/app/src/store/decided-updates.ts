import type { Instant } from "@loan-engine/domain/instant"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Change, StoredLoan } from "../ports/loan-store.ts"
import { watermarkText } from "../schedule/watermark.ts"

/** A requested change of one loan. It is decided on the loan's state at the time of the write. */
export interface Update {
  readonly reference: ApplicationReference
  /** `undefined`: in the loan's current state, nothing must be written. */
  readonly decide: (stored: StoredLoan | undefined, storeNow: Instant | undefined) => Change | undefined
}

/**
 * How many of a loan's newest entries are searched for an earlier delivery of the same message, so that the cost does
 * not grow with the journal. An older repeat becomes one more entry, and further repeats are counted on that one.
 */
export const earlierEntriesMax = 256

/** The decision on one update of a batch, before anything is written. */
export type DecidedUpdate =
  | { readonly state: "decided"; readonly stored: StoredLoan | undefined; readonly change: Change }
  /** In the loan's current state, nothing must be written. */
  | { readonly state: "declined"; readonly stored: StoredLoan | undefined }
  /** It cannot be decided before the changes ahead of it are written. */
  | { readonly state: "again" }
  | { readonly state: "defect"; readonly defect: unknown }

/**
 * Decides a batch of updates in order, each on the result of those before it. A change that adds nothing may become a
 * count on an earlier row, but only the store knows whether there is one. So it is decided on what is already written,
 * and later updates of the same loan wait for the next batch. The same applies to an update that is declined because of
 * an unwritten change, because that change may still fail.
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
