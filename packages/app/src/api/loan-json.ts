import type { Instant } from "@loan-engine/domain/instant"
import { loanView } from "@loan-engine/domain/loan-view"
import type { StoredEntry } from "../journal.ts"
import type { StoredLoan } from "../loan-store.ts"

/** Instants go out as ISO 8601 text in UTC, to the millisecond. */
const iso = (at: Instant | null): string | null => (at === null ? null : new Date(at).toISOString())

/** One loan as `GET /v1/loans/{ref}` shows it. */
export function loanJson({ loan, schedule }: StoredLoan) {
  const view = loanView(loan)
  return {
    ...view,
    signing: { ...view.signing, heardAt: iso(view.signing.heardAt) },
    stalled: schedule.stalled,
    nextPollAt: iso(schedule.nextPollAt),
  }
}

/** One journal entry as `GET /v1/loans/{ref}/history` shows it; the raw bytes stay in the store. */
export function entryJson(entry: StoredEntry) {
  return {
    position: entry.position,
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
    digest: entry.digest,
    repeats: entry.repeats,
    lastRepeatedAt: iso(entry.lastRepeatedAt),
    previousHash: entry.previousHash,
    hash: entry.hash,
  }
}
