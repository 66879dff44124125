import type { DetailName } from "@loan-engine/domain/detail"
import { stages } from "@loan-engine/domain/legal-transitions"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { Finding, FindingCode } from "../audit/finding.ts"
import { readFeed } from "../audit/readers.ts"
import { verifyJournal } from "../audit/verify-journal.ts"
import { readText } from "../journal/entry-text.ts"
import { JournalStore } from "../ports/journal-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { commandDatabaseLayer } from "../store/database.ts"
import type { Database } from "../store/database.ts"

/**
 * Verifies the store of a sandbox run, as of one moment. Also counts the account's loans at each stage, its missed
 * callbacks and its left-out details.
 */
export const auditRun = (database: Database, account: AccountName) =>
  Effect.provide(auditStore(account), commandDatabaseLayer(database, "read"))
export type Audit = Effect.Success<ReturnType<typeof auditRun>>

const auditStore = Effect.fnUntraced(function* (account: AccountName) {
  const { findings } = yield* verifyJournal()
  const counts = yield* (yield* LoanStore).stageCounts(account)
  let missedCallbacks = 0
  const detailsLeftOut = new Map<DetailName, number>()
  const rows = readFeed(yield* JournalStore)
  for (let row = yield* rows.peek; row !== undefined; row = yield* rows.peek) {
    rows.take()
    const { content } = readText(row.text)
    if (content?.account !== account) continue
    const { source, news, leftOut = [] } = content
    for (const name of leftOut) detailsLeftOut.set(name, (detailsLeftOut.get(name) ?? 0) + 1)
    if (source === "poll" || source === "quote") missedCallbacks += news.length
  }
  const linesOf = (found: ReadonlyArray<Finding> = []) => found.map(lineOf)
  const { "illegal-step": steps, "replay-snapshot": snapshots, ...others } = byCode(findings)
  return {
    illegalTransitions: linesOf(steps),
    replayMismatches: linesOf(snapshots),
    otherFindings: linesOf(Object.values(others).flat()),
    missedCallbacks,
    detailsLeftOut,
    stages: Object.fromEntries(
      stages.map((stage) => [stage, counts.find((row) => row.stage === stage)?.loans ?? 0]),
    ),
  }
})

const byCode = (findings: ReadonlyArray<Finding>): Partial<Record<FindingCode, ReadonlyArray<Finding>>> =>
  Object.groupBy(findings, ({ code }) => code)

const lineOf = ({ applicationReference, message }: Finding): string =>
  `${applicationReference ?? "the store"}: ${message}`
