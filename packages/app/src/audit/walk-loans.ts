import { Effect } from "effect"
import type { FeedRow, JournalStore, SnapshotRow } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { readText } from "../journal/entry-text.ts"
import { finding } from "./finding.ts"
import type { Findings } from "./findings.ts"
import type { LoanJudge } from "./loan-judge.ts"
import { byBytes, readByLoan, readSnapshots } from "./readers.ts"
import type { OrderUnreadable, RowReader } from "./row-reader.ts"

export interface WalkedLoans {
  readonly rows: number
  readonly loans: number
}

type Reading<A> = Effect.Effect<A, StoreUnavailable | OrderUnreadable>

/**
 * Passes every loan of the store to a judge: its rows by version, then its snapshot. Rows and snapshots are both read
 * in the order of references. So loans without rows are found, and rows without a loan too.
 */
export const walkLoans = Effect.fnUntraced(function* (
  store: JournalStore["Service"],
  judge: (applicationReference: string) => LoanJudge,
  findings: Findings,
): Effect.fn.Return<WalkedLoans, StoreUnavailable> {
  const rows = readByLoan(store)
  const snapshots = readSnapshots(store)
  const walked = { rows: 0, loans: 0 }
  const walk = Effect.gen(function* () {
    for (;;) {
      const reference = firstOf(yield* rows.peek, yield* snapshots.peek)
      if (reference === undefined) return
      walked.loans++
      const judged = judge(reference)
      walked.rows += yield* walkRows(rows, reference, judged, findings)
      findings.add(judged.end(yield* snapshotOf(snapshots, reference)))
    }
  })
  yield* reportingDisorder(walk, findings)
  return walked
})

/**
 * Turns a failed reading into a finding: the rows are out of order, or the storage is damaged. Earlier findings stay
 * valid.
 */
export const reportingDisorder = (
  reading: Reading<void>,
  findings: Findings,
): Effect.Effect<void, StoreUnavailable> =>
  Effect.catchTags(reading, {
    OrderUnreadable: ({ message }) =>
      Effect.sync(() => findings.add([finding("order-unreadable", {}, message)])),
    StoreUnavailable: (failure) =>
      failure.damaged === true
        ? Effect.sync(() => findings.add([finding("store-damaged", {}, failure.message)]))
        : Effect.fail(failure),
  })

function firstOf(row: FeedRow | undefined, snapshot: SnapshotRow | undefined): string | undefined {
  const one = row?.applicationReference
  const other = snapshot?.applicationReference
  if (one === undefined || other === undefined) return one ?? other
  return byBytes(one, other) <= 0 ? one : other
}

const walkRows = Effect.fnUntraced(function* (
  rows: RowReader<FeedRow>,
  reference: string,
  judged: LoanJudge,
  findings: Findings,
): Effect.fn.Return<number, StoreUnavailable | OrderUnreadable> {
  for (let count = 0; ; count++) {
    const row = yield* rows.peek
    if (row?.applicationReference !== reference) return count
    rows.take()
    findings.add(judged.row(row, readText(row.text)))
  }
})

const snapshotOf = Effect.fnUntraced(function* (
  snapshots: RowReader<SnapshotRow>,
  reference: string,
): Effect.fn.Return<SnapshotRow | undefined, StoreUnavailable | OrderUnreadable> {
  const snapshot = yield* snapshots.peek
  if (snapshot?.applicationReference !== reference) return undefined
  snapshots.take()
  return snapshot
})
