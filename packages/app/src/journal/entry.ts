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

/** What a journal entry says: what was observed, how far it was trusted, and what it did to its loan. */
export const EntryContent = Schema.Struct({
  applicationReference: ApplicationReference,
  /** The loan's version after this entry: 1 for its first. */
  version: Schema.Int,
  account: AccountName,
  source: Source,
  evidence: Evidence,
  hold: Schema.NullOr(HoldReason),
  disposition: Disposition,
  receivedAt: Instant,
  /** What the merchant calls the application, where a registration said so. */
  externalReference: Schema.optionalKey(ExternalReference),
  /** How the customer wants to sign, where the bank said so: a wish, no fact. */
  requestedSigningMethod: Schema.optionalKey(Schema.String),
  /** Who handed it over, as the engine knows it: an API key's name, or the user of a command. */
  through: Schema.optionalKey(Schema.String),
  /** SHA-256 of the signed token that vouches for it, in hex; absent if none does. */
  token: Schema.optionalKey(Schema.String),
  /** The names of the details that could not be read; absent if there are none. */
  leftOut: Schema.optionalKey(LeftOut),
  recordedAt: Instant,
  /** What the bank's answers had said again since the loan's entry before this one; absent if nothing. */
  levels: Schema.optionalKey(Schema.Array(LoanEvent)),
  events: Schema.Array(LoanEvent),
  steps: Schema.Array(Step),
  news: Schema.Array(News),
  /** Whether it closed the loan, or opened it again; absent if neither. */
  closure: Schema.optionalKey(ClosureChange),
  /** SHA-256 of the raw bytes, in hex. The chain covers it and not the bytes, so that they can be erased. */
  digest: Schema.String,
  /** The hash of the loan's entry before this one; empty for its first. */
  previousHash: Schema.String,
})
export type EntryContent = typeof EntryContent.Type

/** One row of the append-only journal. */
export interface JournalEntry extends EntryContent {
  /** The entry's content as canonical JSON: the very text that is stored and hashed. */
  readonly text: string
  /** SHA-256 of that text, in hex; the next entry of the loan names it. */
  readonly hash: string
  /** The bytes as they came; `null` once erased. */
  readonly raw: Uint8Array | null
}

/**
 * A journal entry as it is read back: with its place in the feed, and the re-deliveries that added nothing. The bytes as they came
 * stay in the store, for the audit to read: they are most of a loan's journal.
 */
export interface StoredEntry extends Omit<JournalEntry, "raw"> {
  readonly position: number
  readonly repeats: number
  readonly lastRepeatedAt: Instant | null
}

export const digestOf = (raw: Uint8Array): string => hash("sha256", raw)

/** What names an entry's text in the entry after it, and in the checkpoint that seals it. */
export const hashOf = (text: string): string => hash("sha256", text)

/** The journal entry of one decided observation, chained to the loan's entry before it. */
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

/** What an observation says beside its events. Each member is absent where there is nothing to say. */
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

/** The loan that a journal's entries fold to from nothing; `undefined` for no entries. */
export function replay(entries: ReadonlyArray<EntryContent>): Loan | undefined {
  const [first] = entries
  if (first === undefined) return undefined
  return entries.reduce(
    (loan, entry) => observe(loan, observationOf(entry)).loan,
    openLoan(first.applicationReference, first.account),
  )
}

/** The observation that an entry recorded: deciding on it again must give the same. */
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
