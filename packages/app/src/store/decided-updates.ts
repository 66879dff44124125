import type { Instant } from "@loan-engine/domain/instant"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Change, StoredLoan } from "../ports/loan-store.ts"
import { watermarkText } from "../schedule/watermark.ts"

/** A change of one loan that is asked for; what it is to be is decided upon the loan as it then stands. */
export interface Update {
  readonly reference: ApplicationReference
  /** `undefined`: as the loan stands, nothing is to be written. */
  readonly decide: (stored: StoredLoan | undefined, storeNow: Instant | undefined) => Change | undefined
}

/**
 * How many of a loan's newest entries are searched for an earlier delivery of the same, so that it costs no more the longer the
 * loan's journal is. What came again later than that is one more entry, and counted on that one from then on.
 */
export const earlierEntriesMax = 256

/** What one update of a batch came to, before anything is written. */
export type DecidedUpdate =
  | { readonly state: "decided"; readonly stored: StoredLoan | undefined; readonly change: Change }
  /** As the loan stands, nothing is to be written. */
  | { readonly state: "declined"; readonly stored: StoredLoan | undefined }
  /** It cannot be told before the changes ahead of it are written. */
  | { readonly state: "again" }
  | { readonly state: "defect"; readonly defect: unknown }

/**
 * Decides a batch of updates in their order, each upon what those before it leave behind. A change that adds nothing may
 * end as a count on an earlier row, and whether there is one only the store can tell: so it is decided upon what is
 * written already, and whatever follows it of the same loan waits for the next batch. So does what is declined because of a
 * change that is not written yet: that may still fail.
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
