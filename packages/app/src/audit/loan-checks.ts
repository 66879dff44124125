import { Instant } from "@loan-engine/domain/instant"
import { isLegal } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import type { EntryContent } from "../journal/entry.ts"
import type { FeedRow, SnapshotRow } from "../ports/journal-store.ts"
import { isClosed, lastWordAt } from "@loan-engine/domain/standing"
import { mayRest } from "../schedule/dormancy.ts"
import { Schema } from "effect"
import type { CheckTable } from "./check-table.ts"

const isInstant: (at: number) => boolean = Schema.is(Instant)

/** Rows of one loan that follow on each other and whose raw bodies are gone; `position` is the first one's. */
export interface ErasedRows {
  readonly version: number
  readonly position: number
  readonly upToVersion: number
}

/** What is kept of a loan's rows while they pass by. */
export interface RowsSoFar {
  readonly last: FeedRow | undefined
  /** Where the steps have led; absent where a row in between could not be read. */
  readonly stage: Stage | undefined
  /** What no redaction accounts for yet. */
  readonly erased: ReadonlyArray<ErasedRows>
  /** The bank may be asked no more about a loan of which nothing was said since. */
  readonly silentSince: Instant
}

/** What can be wrong between a row and the loan's row before it. */
export type ChainCheck = (
  row: FeedRow,
  content: EntryContent | undefined,
  before: RowsSoFar,
) => string | undefined
export type ChainChecks = CheckTable<ChainCheck>

/** What can be wrong with a loan's rows once they have all passed by, and which of them is concerned. */
export type JournalCheck = (
  rows: RowsSoFar,
  snapshot: SnapshotRow | undefined,
) => ReadonlyArray<{ readonly version: number; readonly position: number; readonly message: string }>
export type JournalChecks = CheckTable<JournalCheck>

/** What can be wrong between a loan's snapshot and its rows; `loan` is the snapshot's text read, if it is a loan. */
export type SnapshotCheck = (
  snapshot: SnapshotRow,
  loan: Loan | undefined,
  rows: RowsSoFar,
) => string | undefined
export type SnapshotChecks = CheckTable<SnapshotCheck>

export const chainChecks: ChainChecks = {
  "missing-version": ({ version, position }, _content, { last }) => {
    const expected = (last?.version ?? 0) + 1
    if (version <= expected) return undefined
    const missing =
      expected === version - 1 ? `version ${expected} is` : `versions ${expected} to ${version - 1} are`
    return `${missing} missing before the row at position ${position}`
  },

  "forked-version": ({ version }, _content, { last }) =>
    last?.version === version ? `the row at position ${last.position} has the same version` : undefined,

  "broken-chain": (row, content, { last }) => {
    if (!followsOn(row, last) || content === undefined || content.previousHash === (last?.hash ?? ""))
      return undefined
    return `it follows on ${content.previousHash || "nothing"}, but before it stands ${last?.hash ?? "nothing"}`
  },

  "out-of-order": ({ position }, _content, { last }) =>
    last !== undefined && position < last.position
      ? `the row of version ${last.version}, which it follows, stands at position ${last.position}`
      : undefined,

  "illegal-step": (row, content, before) => {
    let stage = followsOn(row, before.last) ? before.stage : undefined
    for (const { from, to } of content?.steps ?? []) {
      if (stage !== undefined && from !== stage) return `its step ${from} -> ${to} does not begin at ${stage}`
      if (!isLegal(from, to)) return `its step ${from} -> ${to} is not legal`
      stage = to
    }
    return undefined
  },
}

const followsOn = ({ version }: FeedRow, last: FeedRow | undefined): boolean =>
  version === (last?.version ?? 0) + 1

export const journalChecks: JournalChecks = {
  "journal-without-loan": ({ last }, snapshot) =>
    last === undefined || snapshot !== undefined
      ? []
      : [{ ...placeOf(last), message: "its loan has rows up to this one, but no snapshot" }],

  "erased-unrecorded": ({ erased }) =>
    erased.map(({ upToVersion, ...first }) => ({
      ...first,
      message:
        (upToVersion === first.version
          ? "its raw body is gone"
          : `the raw bodies from here to version ${upToVersion} are gone`) +
        ", and no redaction of the loan accounts for that",
    })),
}

const placeOf = ({ version, position }: FeedRow) => ({ version, position })

export const snapshotChecks: SnapshotChecks = {
  "loan-without-journal": (_snapshot, _loan, { last }) =>
    last === undefined ? "it has a snapshot, but not one row" : undefined,

  "snapshot-undecodable": (_snapshot, loan) =>
    loan === undefined ? "its snapshot is no loan in canonical form" : undefined,

  "snapshot-columns": (snapshot, loan) =>
    loan === undefined || saysTheSame(snapshot, loan)
      ? undefined
      : "its columns and its snapshot's text differ in reference, account, version, stage, external reference or whether it is closed",

  "snapshot-version": ({ version }, _loan, { last }) => {
    if (last === undefined || version === last.version) return undefined
    if (version < last.version)
      return `its snapshot stands at version ${version}, its last row is ${last.version}`
    return `its snapshot stands at version ${version}, but behind version ${last.version} its rows are missing`
  },

  "snapshot-head": ({ chainHead, version }, _loan, { last }) =>
    last === undefined || version !== last.version || chainHead === last.hash
      ? undefined
      : `its snapshot names ${chainHead} as the last row, but that is ${last.hash}`,

  "schedule-lost": ({ nextPollAt }, loan, { silentSince }) => {
    if (loan === undefined) return undefined
    if (nextPollAt !== null) {
      return isInstant(nextPollAt) ? undefined : `its next poll is planned at ${nextPollAt}, which is no time`
    }
    return mayRest(loan) || lastWordAt(loan.facts) < silentSince
      ? undefined
      : `the bank is never to be asked about it again, though it stands at ${loan.stage}`
  },

  "snapshot-stage": ({ stage, version }, _loan, rows) =>
    rows.stage === undefined || version !== rows.last?.version || stage === rows.stage
      ? undefined
      : `its snapshot stands at ${stage}, its rows' steps lead to ${rows.stage}`,
}

const saysTheSame = (snapshot: SnapshotRow, loan: Loan): boolean =>
  snapshot.applicationReference === loan.applicationReference &&
  snapshot.account === loan.account &&
  snapshot.version === loan.version &&
  snapshot.stage === loan.stage &&
  snapshot.externalReference === (loan.externalReference ?? null) &&
  snapshot.closed === isClosed(loan.facts)
