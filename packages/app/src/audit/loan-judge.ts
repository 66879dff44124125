import type { Instant } from "@loan-engine/domain/instant"
import { Loan, snapshotText } from "@loan-engine/domain/loan"
import { Option, Schema } from "effect"
import type { EntryContent } from "../journal/entry.ts"
import type { FeedRow, SnapshotRow } from "../ports/journal-store.ts"
import { redactionRecord } from "../journal/redaction-record.ts"
import { failing } from "./check-table.ts"
import { readText } from "../journal/entry-text.ts"
import type { ReadText } from "../journal/entry-text.ts"
import { finding } from "./finding.ts"
import type { Finding } from "./finding.ts"
import { chainChecks, journalChecks, snapshotChecks } from "./loan-checks.ts"
import type { ChainChecks, ErasedRows, JournalChecks, RowsSoFar, SnapshotChecks } from "./loan-checks.ts"
import { rowChecks } from "./row-checks.ts"
import type { RowChecks } from "./row-checks.ts"

/** Judges one loan: first its rows, ordered by version, then its snapshot. */
export interface LoanJudge {
  readonly row: (row: FeedRow, read?: ReadText) => ReadonlyArray<Finding>
  readonly end: (snapshot: SnapshotRow | undefined) => ReadonlyArray<Finding>
}

export interface LoanChecks {
  readonly row: RowChecks
  readonly chain: ChainChecks
  readonly journal: JournalChecks
  readonly snapshot: SnapshotChecks
}

export const loanChecks: LoanChecks = {
  row: rowChecks,
  chain: chainChecks,
  journal: journalChecks,
  snapshot: snapshotChecks,
}

/**
 * Checks that each row is unaltered and follows the row before it, and that the snapshot follows the last row. Only
 * one row is in memory.
 */
export function judgeLoan(
  applicationReference: string,
  checks: LoanChecks = loanChecks,
  silentSince: Instant = 0,
): LoanJudge {
  let before: RowsSoFar = { last: undefined, stage: "submitted", erased: [], silentSince }
  return {
    row: (row, read = readText(row.text)) => {
      const { content } = read
      const found = [
        ...failing(checks.row, (check) => check(row, read)),
        ...failing(checks.chain, (check) => check(row, content, before)),
      ].map(([code, message]) => finding(code, row, message))
      before = {
        ...before,
        last: row,
        stage: stageAfter(before, content),
        erased: erasedAfter(before, row, content),
      }
      return found
    },
    end: (snapshot) => [
      ...failing(checks.journal, (check) => check(before, snapshot)).flatMap(([code, found]) =>
        found.map(({ message, ...place }) => finding(code, { applicationReference, ...place }, message)),
      ),
      ...snapshotFindings(applicationReference, snapshot, before, checks),
    ],
  }
}

const stageAfter = ({ stage }: RowsSoFar, content: EntryContent | undefined): RowsSoFar["stage"] =>
  content === undefined ? undefined : (content.steps.at(-1)?.to ?? stage)

/**
 * The rows whose raw body is missing, without those that a redaction explains. Operators' own messages are never
 * erased.
 */
function erasedAfter(
  { erased }: RowsSoFar,
  row: FeedRow,
  content: EntryContent | undefined,
): ReadonlyArray<ErasedRows> {
  const { version, position, raw } = row
  if (raw === null) {
    const last = erased.at(-1)
    if (last?.upToVersion !== version - 1) return [...erased, { version, position, upToVersion: version }]
    return [...erased.slice(0, -1), { ...last, upToVersion: version }]
  }
  if (erased.length === 0 || content?.source !== "operator" || content.evidence !== "operator") return erased
  const upTo = redactionRecord(raw)?.redaction.upToVersion ?? 0
  // A redaction cannot explain rows that were recorded after it.
  return upTo >= version ? erased : erased.filter(({ upToVersion }) => upToVersion > upTo)
}

const decodeLoan = Schema.decodeUnknownOption(Schema.fromJsonString(Loan), { onExcessProperty: "error" })

function snapshotFindings(
  applicationReference: string,
  snapshot: SnapshotRow | undefined,
  rows: RowsSoFar,
  checks: LoanChecks,
): ReadonlyArray<Finding> {
  if (snapshot === undefined) return []
  const decoded = Option.getOrUndefined(decodeLoan(snapshot.snapshot))
  const loan = decoded !== undefined && snapshotText(decoded) === snapshot.snapshot ? decoded : undefined
  return failing(checks.snapshot, (check) => check(snapshot, loan, rows)).map(([code, message]) =>
    finding(code, { applicationReference, version: snapshot.version }, message),
  )
}
