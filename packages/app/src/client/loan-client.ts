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
  /** Watches one loan. It reconnects by itself and misses no change. */
  readonly watchLoan: (reference: string) => Watch<LoanSnapshot>
  /** Watches all loans that match a filter. Loans appear, change, and disappear when they no longer match. */
  readonly watchLoans: (filter?: LoanListFilter) => Watch<LoansSnapshot>
  /**
   * Watches the changes of all loans, or of one account's loans. No loans are loaded, so their number does not
   * matter.
   */
  readonly watchChanges: (only?: { readonly account?: string }) => Watch<ChangesSnapshot>
}

/**
 * Makes a client of the engine's API. It runs in browsers and in Node. A failed call rejects with a
 * {@link LoanApiError}, whose `problem` is the engine's answer.
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
