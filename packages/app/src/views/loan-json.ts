import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import type { KnownAccounts } from "../ports/known-accounts.ts"
import { cursorOf, cursorText } from "../journal/feed-cursor.ts"
import type { EntryContent, StoredEntry } from "../journal/entry.ts"
import type { Reversal } from "@loan-engine/domain/reversal"
import { Struct } from "effect"
import type { StoredLoan } from "../ports/loan-store.ts"
import { cadenceDefaults } from "../schedule/poll-cadence.ts"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"
import { isClosable, isDormant } from "../schedule/dormancy.ts"
import { noWatermark } from "../schedule/watermark.ts"
import type { Watermark } from "../schedule/watermark.ts"
import type { ChangeJson, EntryJson, LoanJson } from "../contract/loan-schemas.ts"

/** Writes an instant as ISO 8601 text in UTC, to the millisecond. */
const iso = (at: Instant): string => new Date(at).toISOString()
export const isoOrNull = (at: Instant | null): string | null => (at === null ? null : iso(at))

/** One loan in the form of `GET /v1/loans/{ref}`. */
export function loanJson({ loan, schedule, watermark }: StoredLoan, knownAccounts: KnownAccounts): LoanJson {
  const known = knownAccounts.get(loan.account)
  const view = loanView(loan, { stalled: schedule.stalled, hasBank: known?.hasBank ?? false })
  return {
    ...view,
    currency: known?.currency ?? null,
    offers: view.offers.map(({ heardAt, offer }) => ({ heardAt: iso(heardAt), offer })),
    signing: {
      ...view.signing,
      heardAt: isoOrNull(view.signing.heardAt),
      timeline: signingTimeline(loan, watermark),
    },
    closure: view.closure && { ...view.closure, at: iso(view.closure.at) },
    stalled: schedule.stalled,
    ...dormancy({ loan, schedule }, known?.cadence ?? cadenceDefaults),
    nextPollAt: isoOrNull(schedule.nextPollAt),
    ...lastAnswer(watermark),
  }
}

/** Whether the loan is dormant. If it also may be closed, closing it is suggested. */
function dormancy(stored: Pick<StoredLoan, "loan" | "schedule">, cadence: CadenceSettings) {
  const dormant = isDormant(stored.loan, stored.schedule, cadence)
  return { dormant, suggestion: dormant && isClosable(stored.loan) ? ("close" as const) : null }
}

/** How the loan was signed: what the customer wanted, when the signature was received, and with which method. */
function signingTimeline(
  { facts: { signedAt, methods } }: StoredLoan["loan"],
  { requested }: Watermark = noWatermark,
): LoanJson["signing"]["timeline"] {
  const told = [
    ...(requested === undefined ? [] : [{ what: "requested" as const, ...requested }]),
    ...(signedAt === null ? [] : [{ what: "signed" as const, method: null, at: signedAt }]),
    ...methods.map(({ method, at }) => ({ what: "method" as const, method, at })),
  ]
  return told
    .toSorted((a, b) => a.at - b.at)
    .map(({ what, method, at }) => ({ what, method, heardAt: iso(at) }))
}

const lastAnswerOf = ({ status, quote }: Watermark = noWatermark) =>
  [status, quote]
    .filter((answer) => answer !== undefined)
    .toSorted((a, b) => a.heardAt - b.heardAt)
    .at(-1)

function lastAnswer(watermark: Watermark | undefined) {
  const last = lastAnswerOf(watermark)
  return {
    lastHeardFromBankAt: isoOrNull(last?.heardAt ?? null),
    lastAskedAt: isoOrNull(last?.askedAt ?? null),
  }
}

/**
 * The loan's ETag. It contains the version, the poll plan and the time of the bank's last answer. Everything that is
 * shown of a loan follows from these.
 */
export function etagOf({ loan, schedule, watermark }: StoredLoan): string {
  const { askedAt = 0, heardAt = 0 } = lastAnswerOf(watermark) ?? {}
  const times = [schedule.nextPollAt ?? 0, askedAt, heardAt].map((at) => at.toString(36))
  return `"${[loan.version, ...(schedule.stalled ? ["stalled"] : []), ...times].join("-")}"`
}

/**
 * Leaves out the engine's own marks. The marks show what was current at a signature or closing, or that a request
 * adds to others.
 */
function eventJson(event: LoanEvent) {
  const at = iso(event.at)
  if (event.type === "loan.closed") return { ...Struct.omit(event, ["approved"]), at }
  if (event.type === "agreement.signed" || event.type === "loan.paidOut")
    return { ...Struct.omit(event, ["onOffer"]), at }
  if (event.type === "addition.requested") return { ...Struct.omit(event, ["adds"]), at }
  return { ...event, at }
}

const contentJson = (entry: EntryContent, reversal: Reversal | null) => ({
  version: entry.version,
  account: entry.account,
  source: entry.source,
  evidence: entry.evidence,
  disposition: entry.disposition,
  reason: entry.hold,
  receivedAt: iso(entry.receivedAt),
  recordedAt: iso(entry.recordedAt),
  events: entry.events.map(eventJson),
  levels: (entry.levels ?? []).map(eventJson),
  steps: entry.steps,
  reversal,
  closure: entry.closure ?? null,
  requestedSigningMethod: entry.requestedSigningMethod ?? null,
  through: entry.through ?? null,
  leftOut: entry.leftOut ?? [],
  digest: entry.digest,
  previousHash: entry.previousHash,
})

/** One journal entry in the form of `GET /v1/loans/{ref}/history`. The raw bytes stay in the store. */
export const entryJson = (entry: StoredEntry, reversal: Reversal | null): EntryJson => ({
  position: entry.position,
  ...contentJson(entry, reversal),
  repeats: entry.repeats,
  lastRepeatedAt: isoOrNull(entry.lastRepeatedAt),
  hash: entry.hash,
})

/** A journal entry and its position in the feed. */
export interface PlacedEntry extends EntryContent {
  readonly position: number
  readonly hash: string
  /** The reversal that this entry makes, given the loan's earlier entries. */
  readonly reversal: Reversal | null
}

/** One change of the feed, with the loan as it is now. */
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
