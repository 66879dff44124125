import type { Instant } from "@loan-engine/domain/instant"
import { observe } from "@loan-engine/domain/loan"
import { readText } from "../journal/entry-text.ts"
import type { Finding, FindingCode } from "./finding.ts"
import { judgeLoan } from "./loan-judge.ts"
import type { LoanChecks, LoanJudge } from "./loan-judge.ts"
import { replayLoan } from "./replay-journal.ts"

/** The findings of a replay that a verification reports. Its own checks report the others. */
export const replayChecks: ReadonlySet<FindingCode> = new Set(["replay-decision", "replay-snapshot"])

/**
 * Judges one loan in one pass: as it is stored, and as it is when decided again. Only the first finding of the replay
 * is reported, because it causes the later ones. Other findings hide none of the replay's: a lost due time, for example,
 * must not hide that the snapshot was altered too.
 */
export function judgeWhole(
  applicationReference: string,
  checks: { readonly loan: LoanChecks; readonly replay: ReadonlySet<FindingCode> },
  silentSince: Instant,
): LoanJudge {
  const written = judgeLoan(applicationReference, checks.loan, silentSince)
  const replayed = replayLoan(applicationReference, observe)
  let isSame = true
  const both = (found: ReadonlyArray<Finding>, again: ReadonlyArray<Finding>): ReadonlyArray<Finding> => {
    const more = isSame ? again.filter(({ code }) => checks.replay.has(code)) : []
    isSame &&= more.length === 0
    return [...found, ...more]
  }
  return {
    row: (row, read = readText(row.text)) => both(written.row(row, read), replayed.row(row, read)),
    end: (snapshot) => both(written.end(snapshot), replayed.end(snapshot)),
  }
}
