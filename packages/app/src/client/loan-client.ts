import { httpClient, loanCalls } from "./calls.ts"
import type { LoanCalls, LoanClientOptions, LoanListFilter } from "./calls.ts"
import { reconnectLimitsDefault } from "./followed-changes.ts"
import type { ReconnectLimits } from "./followed-changes.ts"
import type { Watch } from "./watch.ts"
import { watchChanges } from "./watch-changes.ts"
import type { ChangesSnapshot } from "./watch-changes.ts"
import { watchLoan, watchLoans } from "./watch-loans.ts"
import type { LoanSnapshot, LoansSnapshot } from "./watch-loans.ts"

/** The engine's API for a frontend or a service: its calls, and what can be watched. */
export interface LoanClient extends LoanCalls {
  /** One loan as it moves; reconnects by itself and misses nothing. */
  readonly watchLoan: (reference: string) => Watch<LoanSnapshot>
  /** All loans that meet a filter, as they come, move and go. */
  readonly watchLoans: (filter?: LoanListFilter) => Watch<LoansSnapshot>
  /** The changes of all loans, or of an account's, as they come; nothing is loaded, however many loans there are. */
  readonly watchChanges: (only?: { readonly account?: string }) => Watch<ChangesSnapshot>
}

/**
 * A client of the engine's API. Runs in browsers and in Node; its calls reject with a {@link LoanApiError}, whose `problem`
 * is what the engine answered.
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
