import type { Instant } from "@loan-engine/domain/instant"
import { loanView } from "@loan-engine/domain/loan-view"
import type { KnownAccounts } from "../known-accounts.ts"
import { cursorOf, cursorText } from "../journal/feed-cursor.ts"
import type { EntryContent, StoredEntry } from "../journal/journal.ts"
import type { Reversal } from "@loan-engine/domain/reversal"
import type { StoredLoan } from "../loan-store.ts"
import type { ChangeJson, EntryJson, LoanJson } from "./loan-schemas.ts"

/** Instants go out as ISO 8601 text in UTC, to the millisecond. */
const iso = (at: Instant): string => new Date(at).toISOString()
export const isoOrNull = (at: Instant | null): string | null => (at === null ? null : iso(at))

/** One loan as `GET /v1/loans/{ref}` shows it. */
export function loanJson({ loan, schedule }: StoredLoan, knownAccounts: KnownAccounts): LoanJson {
  const known = knownAccounts.get(loan.account)
  const view = loanView(loan, { stalled: schedule.stalled, hasBank: known?.hasBank ?? false })
  return {
    ...view,
    currency: known?.currency ?? null,
    signing: { ...view.signing, heardAt: isoOrNull(view.signing.heardAt) },
    stalled: schedule.stalled,
    nextPollAt: isoOrNull(schedule.nextPollAt),
  }
}

/** The loan's version and the plan of its polls, as its ETag: all that what is shown of it is made from. */
export const etagOf = ({ loan, schedule }: StoredLoan): string =>
  `"${loan.version}-${schedule.stalled ? "stalled-" : ""}${(schedule.nextPollAt ?? 0).toString(36)}"`

const contentJson = (entry: EntryContent, reversal: Reversal | null) => ({
  version: entry.version,
  account: entry.account,
  source: entry.source,
  evidence: entry.evidence,
  disposition: entry.disposition,
  reason: entry.hold,
  receivedAt: iso(entry.receivedAt),
  recordedAt: iso(entry.recordedAt),
  events: entry.events.map((event) => ({ ...event, at: iso(event.at) })),
  steps: entry.steps,
  reversal,
  requestedSigningMethod: entry.requestedSigningMethod ?? null,
  through: entry.through ?? null,
  leftOut: entry.leftOut ?? [],
  digest: entry.digest,
  previousHash: entry.previousHash,
})

/** One journal entry as `GET /v1/loans/{ref}/history` shows it; the raw bytes stay in the store. */
export const entryJson = (entry: StoredEntry, reversal: Reversal | null): EntryJson => ({
  position: entry.position,
  ...contentJson(entry, reversal),
  repeats: entry.repeats,
  lastRepeatedAt: isoOrNull(entry.lastRepeatedAt),
  hash: entry.hash,
})

/** A journal entry and where it stands in the feed. */
export interface PlacedEntry extends EntryContent {
  readonly position: number
  readonly hash: string
  /** What it reverses, told from the entries before it. */
  readonly reversal: Reversal | null
}

/** One change of the feed, with the loan as it stands by now. */
export const changeJson = (
  entry: PlacedEntry,
  stored: StoredLoan,
  knownAccounts: KnownAccounts,
): ChangeJson => ({
  position: entry.position,
  cursor: cursorText(cursorOf(entry)),
  applicationReference: entry.applicationReference,
  ...contentJson(entry, entry.reversal),
  hash: entry.hash,
  loan: loanJson(stored, knownAccounts),
})
