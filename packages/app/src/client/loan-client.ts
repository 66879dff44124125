import { httpClient, loanCalls } from "./calls.ts"
import type { LoanCalls, LoanClientOptions } from "./calls.ts"
import type { LoanListFilter } from "./loan-filter.ts"
import { reconnectLimitsDefault } from "./followed-changes.ts"
import type { ReconnectLimits } from "./followed-changes.ts"
import type { Watch } from "./watch.ts"
import { watchChanges } from "./watch-changes.ts"
import type { ChangesSnapshot } from "./watch-changes.ts"
import { watchLoan, watchLoans } from "./watch-loans.ts"
import type { LoanSnapshot, LoansSnapshot } from "./watch-loans.ts"

/** The engine's API for a frontend or a service: its calls and its watches. */
export interface LoanClient extends LoanCalls {
  /** Watches one loan. It reconnects automatically and misses nothing. */
  readonly watchLoan: (reference: string) => Watch<LoanSnapshot>
  /** Watches all loans that match a filter: new ones, moved ones, and ones that no longer match. */
  readonly watchLoans: (filter?: LoanListFilter) => Watch<LoansSnapshot>
  /**
   * Watches the changes of all loans, or of an account's loans. It loads nothing, so the number of loans does not
   * matter.
   */
  readonly watchChanges: (only?: { readonly account?: string }) => Watch<ChangesSnapshot>
}

/**
 * A client of the engine's API. Runs in browsers and in Node. A failed call rejects with a {@link LoanApiError}; its
 * `problem` is the engine's answer.
 *
 * @example
 * const client = loanClient({ baseUrl: "https://loans.example", apiKey })
 * const watch = client.watchLoan("ABC-123")
 * const { loan, status } = useSyncExternalStore(watch.subscribe, watch.getSnapshot)
 */
export function loanClient(options: LoanClientOptions & Partial<ReconnectLimits>): LoanClient {
  const http = httpClient(options)
  const calls = loanCalls(http)
  const { signal } = options
  const watching = { http, calls, limits: { ...reconnectLimitsDefault, ...options }, signal }
  return {
    ...calls,
    watchLoan: (reference) => watchLoan(watching, reference),
    watchLoans: (filter = {}) => watchLoans(watching, filter),
    watchChanges: (only = {}) => watchChanges(watching, only),
  }
}
