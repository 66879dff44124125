import { hash } from "node:crypto"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { LeftOut } from "@loan-engine/domain/detail"
import { Instant } from "@loan-engine/domain/instant"
import { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import { ClosureChange, News, observe, openLoan, Step } from "@loan-engine/domain/loan"
import {
  AccountName,
  ApplicationReference,
  Disposition,
  Evidence,
  ExternalReference,
  HoldReason,
  Source,
} from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Schema } from "effect"

/** The content of a journal entry: what was observed, why it was believed, and what it did to its loan. */
export const EntryContent = Schema.Struct({
  applicationReference: ApplicationReference,
  /** The loan's version after this entry. It is 1 for the first entry. */
  version: Schema.Int,
  account: AccountName,
  source: Source,
  evidence: Evidence,
  hold: Schema.NullOr(HoldReason),
  disposition: Disposition,
  receivedAt: Instant,
  /** The merchant's own name for the application, if a registration contained it. */
  externalReference: Schema.optionalKey(ExternalReference),
  /** How the customer wants to sign, if the bank reported it. It is a wish, so it changes no fact. */
  requestedSigningMethod: Schema.optionalKey(Schema.String),
  /** Who registered it: the name of an API key, or the user of a command. */
  through: Schema.optionalKey(Schema.String),
  /** SHA-256 of the signed token that proves the observation, in hex. Absent if there is none. */
  token: Schema.optionalKey(Schema.String),
  /** The names of the details that could not be read. Absent if there are none. */
  leftOut: Schema.optionalKey(LeftOut),
  recordedAt: Instant,
  /** The events that the bank's answers repeated since the loan's previous entry. Absent if there are none. */
  levels: Schema.optionalKey(Schema.Array(LoanEvent)),
  events: Schema.Array(LoanEvent),
  steps: Schema.Array(Step),
  news: Schema.Array(News),
  /** Whether the entry closed the loan or opened it again. Absent if neither. */
  closure: Schema.optionalKey(ClosureChange),
  /**
   * SHA-256 of the raw bytes, in hex. The hash chain covers this digest and not the bytes, so that the bytes can be
   * erased.
   */
  digest: Schema.String,
  /** The hash of the loan's previous entry. Empty for the first entry. */
  previousHash: Schema.String,
})
export type EntryContent = typeof EntryContent.Type

/** One row of the append-only journal. */
export interface JournalEntry extends EntryContent {
  /** The entry's content as canonical JSON: the exact text that is stored and hashed. */
  readonly text: string
  /** SHA-256 of that text, in hex. The loan's next entry contains it. */
  readonly hash: string
  /** The raw bytes. `null` after they were erased. */
  readonly raw: Uint8Array | null
}

/**
 * A journal entry as read from the store, with its position in the feed. `repeats` counts redeliveries that brought
 * nothing new. The raw bytes are not included, because they are the largest part of a journal. Only the audit reads
 * them.
 */
export interface StoredEntry extends Omit<JournalEntry, "raw"> {
  readonly position: number
  readonly repeats: number
  readonly lastRepeatedAt: Instant | null
}

export const digestOf = (raw: Uint8Array): string => hash("sha256", raw)

/**
 * The hash of an entry's text. The loan's next entry contains it, and so does the checkpoint that seals the entry.
 */
export const hashOf = (text: string): string => hash("sha256", text)

/** Makes the journal entry of one decided observation. It continues the loan's hash chain. */
export function journalEntry(
  observation: Observation,
  decision: Decision,
  bytes: { readonly raw: Uint8Array; readonly digest: string },
  recordedAt: Instant,
  previousHash: string,
): JournalEntry {
  const content: EntryContent = {
    applicationReference: observation.applicationReference,
    version: decision.loan.version,
    account: observation.account,
    source: observation.source,
    evidence: observation.evidence,
    hold: decision.hold,
    disposition: decision.disposition,
    receivedAt: observation.receivedAt,
    ...namedIn(observation),
    recordedAt,
    ...(observation.levels === undefined ? {} : { levels: observation.levels }),
    events: observation.events,
    steps: decision.steps,
    news: decision.news,
    ...(decision.closure === undefined ? {} : { closure: decision.closure }),
    digest: bytes.digest,
    previousHash,
  }
  const text = canonicalJson(content)
  return { ...content, text, raw: bytes.raw, hash: hashOf(text) }
}

/** The other content of an observation, without its events. A member without a value is left out. */
const namedIn = (
  said: Pick<Observation, "externalReference" | "requestedSigningMethod" | "through" | "token" | "leftOut">,
) => ({
  ...(said.externalReference === undefined ? {} : { externalReference: said.externalReference }),
  ...(said.requestedSigningMethod === undefined
    ? {}
    : { requestedSigningMethod: said.requestedSigningMethod }),
  ...(said.through === undefined ? {} : { through: said.through }),
  ...(said.token === undefined ? {} : { token: said.token }),
  ...(said.leftOut === undefined ? {} : { leftOut: said.leftOut }),
})

/** Replays journal entries. The result is the loan after the last entry, or `undefined` if there are no entries. */
export function replay(entries: ReadonlyArray<EntryContent>): Loan | undefined {
  const [first] = entries
  if (first === undefined) return undefined
  return entries.reduce(
    (loan, entry) => observe(loan, observationOf(entry)).loan,
    openLoan(first.applicationReference, first.account),
  )
}

/** The observation that an entry recorded. If it is decided again, the result must be the same. */
export const observationOf = (entry: EntryContent): Observation => ({
  applicationReference: entry.applicationReference,
  account: entry.account,
  source: entry.source,
  evidence: entry.evidence,
  ...(entry.hold === null ? {} : { hold: entry.hold }),
  receivedAt: entry.receivedAt,
  ...namedIn(entry),
  ...(entry.levels === undefined ? {} : { levels: entry.levels }),
  events: entry.events,
})
