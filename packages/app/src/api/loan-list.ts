import { isAwaitingDocuments, isClosed } from "@loan-engine/domain/standing"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Result, Schema } from "effect"
import { meets } from "../client/loan-filter.ts"
import type { Filtered, LoanListFilter } from "../client/loan-filter.ts"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { LoanFilter, StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { KnownAccounts } from "../ports/known-accounts.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { isDormant } from "../schedule/dormancy.ts"
import { cadenceDefaults } from "../schedule/poll-cadence.ts"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"
import { pageLoansDefault } from "../contract/loan-schemas.ts"

export interface LoanQuery extends LoanListFilter {
  readonly account?: AccountName
  readonly limit?: number
}

/** Where a page ends: the last loan that was read. */
const Cursor = Schema.Struct({ account: AccountName, after: Schema.String })
type Cursor = typeof Cursor.Type
const decodeCursor = Schema.decodeUnknownResult(Schema.fromJsonString(Cursor))

/** Reads a cursor. `undefined` if the text is not one. */
export function readCursor(text: string): Cursor | undefined {
  const decoded = decodeCursor(Buffer.from(text, "base64url").toString("utf8"))
  return Result.isSuccess(decoded) ? decoded.success : undefined
}

const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url")

export const loanListLimits = {
  // With a million loans, the store needs a moment to count them.
  accountsAgeMaxMs: limit(
    1_000,
    "how old the answer of `/v1/accounts` may be. If counting is slow, the answer may be up to 20 times as old as the count took",
  ),
  // Few loans may match a filter. Without this limit, one request could read the whole store.
  loansScannedMax: limit(2_000, "how many loans the engine reads at most for one page of a list"),
}
export type LoanListLimits = LimitsOf<typeof loanListLimits>

/** One page of loans after a cursor, ordered by account and reference. */
export const listLoans = Effect.fnUntraced(function* (
  query: LoanQuery,
  cursor: Cursor | undefined,
  { loansScannedMax }: Pick<LoanListLimits, "loansScannedMax">,
) {
  const store = yield* LoanStore
  const { limit = pageLoansDefault, reference = "" } = query
  const found: Array<StoredLoan> = []
  let scanned = 0
  const knownAccounts = yield* KnownAccounts
  for (const account of yield* accountsFrom(query, cursor)) {
    const cadence = knownAccounts.get(account)?.cadence ?? cadenceDefaults
    let after = account === cursor?.account ? cursor.after : ""
    for (;;) {
      const size = Math.min(limit, loansScannedMax - scanned)
      const page = yield* store.loans({ account, ...onlyOf(query), prefix: reference, after, limit: size })
      for (const stored of page) {
        scanned += 1
        after = stored.loan.applicationReference
        if (meets(filtered(stored, cadence), query)) found.push(stored)
        if (found.length === limit || scanned === loansScannedMax)
          return { found, next: writeCursor({ account, after }) }
      }
      if (page.length < size) break
      // Other work gets its turn between two pages.
      yield* Effect.yieldNow
    }
  }
  return { found, next: null }
})

const accountsFrom = Effect.fnUntraced(function* (
  query: LoanQuery,
  cursor: Cursor | undefined,
): Effect.fn.Return<ReadonlyArray<AccountName>, StoreUnavailable, LoanStore> {
  const store = yield* LoanStore
  const all = query.account === undefined ? yield* store.accounts : [query.account]
  return all.filter((account) => cursor === undefined || account >= cursor.account).toSorted()
})

/** The part of the filter for which the store has an index. {@link meets} checks the rest. */
function onlyOf({ stage, disputed, stalled, closed, externalReference }: LoanQuery): {
  readonly only?: LoanFilter
} {
  if (externalReference !== undefined) return { only: { externalReference } }
  if (stage !== undefined) return { only: { stage } }
  if (disputed === true) return { only: { stage: "disputed" } }
  if (stalled === true) return { only: { stalled } }
  return closed === true ? { only: { closed } } : {}
}

const filtered = ({ loan, schedule }: StoredLoan, cadence: CadenceSettings): Filtered => ({
  ...loan,
  additionOutstanding: isAwaitingDocuments(loan),
  stalled: schedule.stalled,
  closed: isClosed(loan.facts),
  dormant: isDormant(loan, schedule, cadence),
})
