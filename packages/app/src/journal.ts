import { createHash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Decision, Loan, News, Step } from "@loan-engine/domain/loan"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type {
  AccountName,
  ApplicationReference,
  Disposition,
  Evidence,
  HoldReason,
  Observation,
  Source,
} from "@loan-engine/domain/observation"

/** One row of the append-only journal: what was observed, word for word, and what it did to its loan. */
export interface JournalEntry {
  readonly applicationReference: ApplicationReference
  /** The loan's version after this entry: 1 for its first. */
  readonly version: number
  readonly account: AccountName
  readonly source: Source
  readonly evidence: Evidence
  readonly hold: HoldReason | null
  readonly disposition: Disposition
  readonly receivedAt: Instant
  readonly recordedAt: Instant
  readonly events: ReadonlyArray<LoanEvent>
  readonly steps: ReadonlyArray<Step>
  readonly news: ReadonlyArray<News>
  /** SHA-256 of the raw bytes, in hex. The chain covers it and not the bytes, so that they can be erased. */
  readonly digest: string
  /** The bytes as they came; `null` once erased. */
  readonly raw: Uint8Array | null
  /** The hash of the loan's entry before this one; empty for its first. */
  readonly previousHash: string
  readonly hash: string
}

/** A journal entry as it is read back: with its place in the feed, and the re-deliveries that added nothing. */
export interface StoredEntry extends JournalEntry {
  readonly position: number
  readonly repeats: number
  readonly lastRepeatedAt: Instant | null
}

export const digestOf = (raw: Uint8Array): string => createHash("sha256").update(raw).digest("hex")

/** The journal entry of one decided observation, chained to the loan's entry before it. */
export function journalEntry(
  observation: Observation,
  decision: Decision,
  bytes: { readonly raw: Uint8Array; readonly digest: string },
  recordedAt: Instant,
  previousHash: string,
): JournalEntry {
  const content = {
    applicationReference: observation.applicationReference,
    version: decision.loan.version,
    account: observation.account,
    source: observation.source,
    evidence: observation.evidence,
    hold: decision.hold,
    disposition: decision.disposition,
    receivedAt: observation.receivedAt,
    recordedAt,
    events: observation.events,
    steps: decision.steps,
    news: decision.news,
    digest: bytes.digest,
    previousHash,
  }
  return { ...content, raw: bytes.raw, hash: chainHash(content) }
}

const chainHash = (content: Omit<JournalEntry, "raw" | "hash">): string =>
  createHash("sha256").update(canonicalJson(content)).digest("hex")

/** The loan that a journal's entries fold to from nothing; `undefined` for no entries. */
export function replay(entries: ReadonlyArray<JournalEntry>): Loan | undefined {
  const [first] = entries
  if (first === undefined) return undefined
  return entries.reduce(
    (loan, entry) => observe(loan, observationOf(entry)).loan,
    openLoan(first.applicationReference, first.account),
  )
}

const observationOf = (entry: JournalEntry): Observation => ({
  applicationReference: entry.applicationReference,
  account: entry.account,
  source: entry.source,
  evidence: entry.evidence,
  ...(entry.hold === null ? {} : { hold: entry.hold }),
  receivedAt: entry.receivedAt,
  events: entry.events,
})
