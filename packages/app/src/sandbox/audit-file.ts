import type { DetailName } from "@loan-engine/domain/detail"
import { isLegal } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { snapshotText } from "@loan-engine/domain/loan"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { replay } from "../journal/entry.ts"
import { LoanStore } from "../ports/loan-store.ts"
import type { StoredLoan, StoreUnavailable, StoreUnusable } from "../ports/loan-store.ts"
import { commandDatabaseLayer } from "../store/database.ts"
import type { Database } from "../store/database.ts"

/** The content of a run's journals, and one line for each fault in them. */
export interface Audit {
  readonly illegalTransitions: Array<string>
  readonly replayMismatches: Array<string>
  missedCallbacks: number
  readonly detailsLeftOut: Map<DetailName, number>
  readonly stages: { [S in Stage]: number }
}

const loansPerPage = 500

/**
 * Reads every journal of an account again, as of one moment, and checks that each step is legal and follows the
 * previous one, and that each journal folds to the stored snapshot.
 */
export const auditFile = (
  database: Database,
  account: AccountName,
): Effect.Effect<Audit, StoreUnavailable | StoreUnusable> =>
  Effect.provide(auditAccount(account), commandDatabaseLayer(database, "read-one-moment"))

const auditAccount = Effect.fnUntraced(function* (account: AccountName) {
  const store = yield* LoanStore
  const audit: Audit = {
    illegalTransitions: [],
    replayMismatches: [],
    missedCallbacks: 0,
    detailsLeftOut: new Map(),
    stages: {
      submitted: 0,
      manualInspection: 0,
      approved: 0,
      rejected: 0,
      waitingForAddition: 0,
      signed: 0,
      paidOut: 0,
      disputed: 0,
    },
  }
  let after = ""
  while (true) {
    const page = yield* store.loans({ account, after, limit: loansPerPage })
    const last = page.at(-1)
    if (last === undefined) return audit
    for (const stored of page) yield* auditLoan(store, stored, audit)
    after = last.loan.applicationReference
  }
})

const auditLoan = Effect.fnUntraced(function* (
  store: LoanStore["Service"],
  { loan }: StoredLoan,
  audit: Audit,
) {
  const reference = loan.applicationReference
  audit.stages[loan.stage]++
  const entries = yield* store.history(reference)
  let stage: Stage = "submitted"
  for (const { source, steps, news, version, leftOut = [] } of entries) {
    for (const name of leftOut) audit.detailsLeftOut.set(name, (audit.detailsLeftOut.get(name) ?? 0) + 1)
    if (source === "poll" || source === "quote") audit.missedCallbacks += news.length
    for (const { from, to } of steps) {
      if (from !== stage || !isLegal(from, to)) {
        const wrong = from === stage ? "that is no legal transition" : `the stage before was ${stage}`
        audit.illegalTransitions.push(
          `${reference}: version ${version} steps from ${from} to ${to}, but ${wrong}`,
        )
      }
      stage = to
    }
  }
  const replayed = replay(entries)
  if (replayed === undefined || snapshotText(replayed) !== snapshotText(loan)) {
    audit.replayMismatches.push(
      `${reference}: its ${entries.length} rows do not fold to its snapshot at version ${loan.version}`,
    )
  }
})
