import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import type { Decision, Loan, Observe } from "@loan-engine/domain/loan"
import { Effect } from "effect"
import type { Schema } from "effect"
import type { EntryContent } from "../journal/entry.ts"
import { observationOf } from "../journal/entry.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { readJson, readText } from "../journal/entry-text.ts"
import { finding } from "./finding.ts"
import type { Finding } from "./finding.ts"
import { collectFindings } from "./findings.ts"
import type { LoanJudge } from "./loan-judge.ts"
import { walkLoans } from "./walk-loans.ts"

/** How much a replay has read, and where its result differs from the store. */
export interface Replayed {
  readonly rows: number
  readonly loans: number
  readonly findings: ReadonlyArray<Finding>
  readonly findingsCount: number
}

/**
 * Replays every loan from its first row, and compares the result with its snapshot, byte for byte. Each row is
 * decided again, and the decision is compared too. One loan and one page of rows are in memory.
 */
export const replayJournal = Effect.fn("replayJournal")(function* (
  decide: Observe = observe,
): Effect.fn.Return<Replayed, StoreUnavailable, JournalStore> {
  const store = yield* JournalStore
  const findings = collectFindings()
  const walked = yield* walkLoans(store, (reference) => replayLoan(reference, decide), findings)
  return { ...walked, findings: findings.listed(), findingsCount: findings.count() }
})

/** Replays the rows of one loan. If a row cannot be read, the loan's replay ends there. */
export function replayLoan(applicationReference: string, decide: Observe): LoanJudge {
  let loan: Loan | undefined
  let readable = true
  return {
    row: (row, { content } = readText(row.text)) => {
      if (!readable) return []
      if (content === undefined) {
        readable = false
        return [
          finding(
            "replay-undecodable",
            row,
            "its text is not a journal entry, so the loan's replay ends here",
          ),
        ]
      }
      loan ??= openLoan(content.applicationReference, content.account)
      const decision = decideAgain(decide, loan, content)
      loan = decision.loan
      return differences(content, decision).map((message) => finding("replay-decision", row, message))
    },
    end: (snapshot) => {
      if (!readable) return []
      if (snapshot === undefined) {
        return [finding("journal-without-loan", { applicationReference }, "it has rows, but no snapshot")]
      }
      const where = { applicationReference, version: snapshot.version }
      if (loan === undefined) return [finding("loan-without-journal", where, "it has a snapshot, but no row")]
      if (snapshotText(loan) === snapshot.snapshot) return []
      return [finding("replay-snapshot", where, differingMembers(loan, snapshot.snapshot))]
    },
  }
}

/**
 * Decides on an entry again. The domain must detect an account mismatch by itself, so that hold reason is not passed
 * on.
 */
function decideAgain(decide: Observe, loan: Loan, content: EntryContent): Decision {
  const { hold, ...observation } = observationOf(content)
  return decide(
    loan,
    hold === undefined || hold === "account-mismatch" ? observation : { ...observation, hold },
  )
}

function differences(content: EntryContent, decision: Decision): ReadonlyArray<string> {
  const again = {
    version: decision.loan.version,
    hold: decision.hold,
    disposition: decision.disposition,
    steps: decision.steps,
    news: decision.news,
    closure: decision.closure ?? null,
  }
  const was = { ...content, closure: content.closure ?? null }
  return (["version", "hold", "disposition", "steps", "news", "closure"] as const)
    .filter((member) => canonicalJson(was[member]) !== canonicalJson(again[member]))
    .map(
      (member) =>
        `its ${member} is ${canonicalJson(was[member])}, decided again ${canonicalJson(again[member])}`,
    )
}

/** Names the members of the snapshot that differ. Their content is not shown, because it may be personal. */
function differingMembers(loan: Loan, snapshot: string): string {
  const stored = readJson(snapshot)
  const folded = readJson(snapshotText(loan))
  if (!isMembers(stored) || !isMembers(folded)) return "its snapshot is not a JSON object"
  const names = Object.keys(folded).filter(
    (name) => canonicalJson(stored[name] ?? null) !== canonicalJson(folded[name] ?? null),
  )
  return names.length === 0
    ? "its snapshot has the same content as the replay of its rows, but not the same bytes"
    : `its snapshot differs from the replay of its rows in: ${names.join(", ")}`
}

const isMembers = (value: Schema.Json | undefined): value is { readonly [name: string]: Schema.Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
