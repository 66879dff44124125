import { Instant } from "@loan-engine/domain/instant"
import { isLegal } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import type { EntryContent } from "../journal/entry.ts"
import type { FeedRow, SnapshotRow } from "../ports/journal-store.ts"
import { isClosed, lastWordAt } from "@loan-engine/domain/standing"
import { mayRest } from "../schedule/dormancy.ts"
import { watermarkIn } from "../schedule/watermark.ts"
import { Schema } from "effect"
import type { CheckTable } from "./check-table.ts"

const isInstant: (at: number) => boolean = Schema.is(Instant)

/** Consecutive rows of one loan without raw bodies. `position` is the position of the first row. */
export interface ErasedRows {
  readonly version: number
  readonly position: number
  readonly upToVersion: number
}

/** What the checks remember of a loan's earlier rows. */
export interface RowsSoFar {
  readonly last: FeedRow | undefined
  /** The stage after the steps so far. Absent if one of the rows could not be read. */
  readonly stage: Stage | undefined
  /** Rows without a raw body that no redaction explains so far. */
  readonly erased: ReadonlyArray<ErasedRows>
  /** If a loan had no news since this time, its polling may have ended. */
  readonly silentSince: Instant
}

/** Checks a row together with the loan's row before it. */
export type ChainCheck = (
  row: FeedRow,
  content: EntryContent | undefined,
  before: RowsSoFar,
) => string | undefined
export type ChainChecks = CheckTable<ChainCheck>

/** Checks all rows of a loan together. The result names the row that has the fault. */
export type JournalCheck = (
  rows: RowsSoFar,
  snapshot: SnapshotRow | undefined,
) => ReadonlyArray<{ readonly version: number; readonly position: number; readonly message: string }>
export type JournalChecks = CheckTable<JournalCheck>

/** Checks a loan's snapshot against its rows. `loan` is the decoded snapshot, if it can be decoded. */
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
    return `it names ${content.previousHash || "nothing"} as the previous row, but that is ${last?.hash ?? "nothing"}`
  },

  "out-of-order": ({ position }, _content, { last }) =>
    last !== undefined && position < last.position
      ? `the row of version ${last.version}, which it follows, is at position ${last.position}`
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
          ? "its raw body is missing"
          : `the raw bodies from here to version ${upToVersion} are missing`) +
        ", and no redaction of the loan explains that",
    })),
}

const placeOf = ({ version, position }: FeedRow) => ({ version, position })

export const snapshotChecks: SnapshotChecks = {
  "loan-without-journal": (_snapshot, _loan, { last }) =>
    last === undefined ? "it has a snapshot, but no row" : undefined,

  "snapshot-undecodable": (_snapshot, loan) =>
    loan === undefined ? "its snapshot is not a loan in canonical form" : undefined,

  "snapshot-columns": (snapshot, loan) =>
    loan === undefined || saysTheSame(snapshot, loan)
      ? undefined
      : "its columns and its snapshot's text differ in reference, account, version, stage, external reference or whether it is closed",

  "snapshot-version": ({ version }, _loan, { last }) => {
    if (last === undefined || version === last.version) return undefined
    if (version < last.version)
      return `its snapshot is at version ${version}, its last row is ${last.version}`
    return `its snapshot is at version ${version}, but its rows after version ${last.version} are missing`
  },

  "snapshot-head": ({ chainHead, version }, _loan, { last }) =>
    last === undefined || version !== last.version || chainHead === last.hash
      ? undefined
      : `its snapshot names ${chainHead} as the last row, but that is ${last.hash}`,

  "schedule-lost": ({ nextPollAt, watermark }, loan, { silentSince }) => {
    if (loan === undefined) return undefined
    if (nextPollAt !== null) {
      return isInstant(nextPollAt)
        ? undefined
        : `its next poll is planned at ${nextPollAt}, which is not a valid time`
    }
    return mayRest(loan) || isRested(watermark) || isSilent(loan, silentSince)
      ? undefined
      : `it will never be polled again, although its stage is ${loan.stage}`
  },

  "snapshot-stage": ({ stage, version }, _loan, rows) =>
    rows.stage === undefined || version !== rows.last?.version || stage === rows.stage
      ? undefined
      : `its snapshot has the stage ${stage}, but its rows' steps lead to ${rows.stage}`,
}

const isRested = (watermark: string | null): boolean =>
  watermark !== null && watermarkIn(watermark).restedAt !== undefined

/**
 * Earlier engines did not write when polling ended. So for their rows, the length of the silence decides. If the bank
 * has reported nothing about a loan, its polls do not end.
 */
function isSilent({ facts }: Loan, silentSince: Instant): boolean {
  const spokenAt = lastWordAt(facts)
  return spokenAt > 0 && spokenAt < silentSince
}

const saysTheSame = (snapshot: SnapshotRow, loan: Loan): boolean =>
  snapshot.applicationReference === loan.applicationReference &&
  snapshot.account === loan.account &&
  snapshot.version === loan.version &&
  snapshot.stage === loan.stage &&
  snapshot.externalReference === (loan.externalReference ?? null) &&
  snapshot.closed === isClosed(loan.facts)
