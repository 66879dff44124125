import { Effect } from "effect"
import type { HttpClient } from "effect/http"
import type { LoanJson } from "../contract/loan-schemas.ts"
import { pageLoansMax } from "../contract/loan-schemas.ts"
import { loanPath } from "../contract/reference-in-path.ts"
import { meets } from "./loan-filter.ts"
import type { LoanListFilter } from "./loan-filter.ts"
import { referenceOf } from "./calls.ts"
import type { LoanCalls } from "./calls.ts"
import { followChanges } from "./followed-changes.ts"
import type { ReconnectLimits } from "./followed-changes.ts"
import { loanApiError } from "./loan-api-error.ts"
import { makeWatch } from "./watch.ts"
import type { Changed, Watch, WatchState, WatchStatus } from "./watch.ts"

/**
 * The state of a watch of one loan. `loan` is `undefined` until the first answer. If the watch is `live` or
 * `reconnecting`, there is a loan.
 */
export type LoanSnapshot =
  | (WatchState & { readonly loan: LoanJson })
  | (WatchState & { readonly status: Exclude<WatchStatus, LoadedStatus>; readonly loan: undefined })

type LoadedStatus = "live" | "reconnecting"

export interface LoansSnapshot extends WatchState {
  /** In the order of their references. */
  readonly loans: ReadonlyArray<LoanJson>
}

/** The parts of a watch. */
export interface Watching {
  readonly http: HttpClient.HttpClient
  readonly calls: LoanCalls
  readonly limits: ReconnectLimits
  /** Ends the watch. */
  readonly signal: AbortSignal | undefined
}

/** Watches one loan. */
export function watchLoan({ http, calls, limits, signal }: Watching, reference: string): Watch<LoanSnapshot> {
  let loan: LoanJson | undefined
  const take = (next: LoanJson): void => {
    if (loan === undefined || next.version >= loan.version) loan = next
  }
  return makeWatch(
    (state) => loanSnapshot(state, loan),
    (changed) =>
      Effect.matchEffect(referenceOf(reference), {
        // The text is no reference, so it will never name a loan. An unknown loan is different: it may become known.
        onFailure: ({ problem }) => Effect.sync(() => changed({ status: "refused", problem })),
        onSuccess: (known) =>
          following({ http, limits }, `${loanPath(known)}/changes`, changed, {
            load: Effect.map(
              called(() => calls.loan(known)),
              take,
            ),
            take,
            forget: () => (loan = undefined),
          }),
      }),
    signal,
  )
}

/**
 * After a reset, the loan is forgotten before the connection ends. Until the loan is read again, the watch is not
 * live.
 */
function loanSnapshot(state: WatchState, loan: LoanJson | undefined): LoanSnapshot {
  if (loan !== undefined) return { ...state, loan }
  const { status } = state
  return { ...state, status: status === "live" || status === "reconnecting" ? "connecting" : status, loan }
}

/** Watches all loans that match a filter. Loans appear, change, and disappear when they no longer match. */
export function watchLoans(
  { http, calls, limits, signal }: Watching,
  filter: LoanListFilter,
): Watch<LoansSnapshot> {
  const loans = new Map<string, LoanJson>()
  const take = (loan: LoanJson): void => {
    const known = loans.get(loan.applicationReference)
    if (known !== undefined && known.version > loan.version) return
    if (meets(loan, filter)) loans.set(loan.applicationReference, loan)
    else loans.delete(loan.applicationReference)
  }
  const load = Effect.gen(function* () {
    const found = new Set<string>()
    let from: { readonly cursor?: string } = {}
    for (;;) {
      const page = yield* called(() => calls.loans({ ...filter, limit: pageLoansMax, ...from }))
      for (const loan of page.loans) {
        take(loan)
        found.add(loan.applicationReference)
      }
      if (page.next === null) return found
      from = { cursor: page.next }
    }
  })
  /** When a loan becomes stalled or dormant, the feed has no change. So these loans are found by loading again. */
  const looked = (changed: () => void) =>
    Effect.sleep(limits.stalledLookMs).pipe(
      Effect.andThen(load),
      Effect.map((found) => {
        for (const reference of loans.keys()) if (!found.has(reference)) loans.delete(reference)
        changed()
      }),
      Effect.ignore,
      Effect.forever,
    )
  const path = `/v1/changes${filter.account === undefined ? "" : `?account=${encodeURIComponent(filter.account)}`}`
  return makeWatch(
    (state) => ({
      ...state,
      loans: [...loans.values()].sort((a, b) => (a.applicationReference < b.applicationReference ? -1 : 1)),
    }),
    (changed) => {
      const followed = following({ http, limits }, path, changed, { load, take, forget: () => loans.clear() })
      const isUntold = filter.stalled !== undefined || filter.dormant !== undefined
      return isUntold ? Effect.raceFirst(followed, looked(changed)) : followed
    },
    signal,
  )
}

interface Kept {
  /** Loads the current loans. Changes that arrive later are applied to them. */
  readonly load: Effect.Effect<unknown, ReturnType<typeof loanApiError>>
  readonly take: (loan: LoanJson) => void
  /** Forgets all loans. */
  readonly forget: () => void
}

function following(
  { http, limits }: Pick<Watching, "http" | "limits">,
  path: string,
  changed: Changed,
  { load, take, forget }: Kept,
): Effect.Effect<void> {
  let isLoaded = false
  let resets = 0
  const live = Effect.sync(() => {
    isLoaded = true
    changed({ status: "live", problem: undefined })
  })
  return followChanges(http, path, limits, {
    // The loans are loaded after the stream is open. So changes during the load arrive after it.
    connected: Effect.suspend(() => (isLoaded ? live : Effect.andThen(load, live))),
    changed: ({ loan }) => {
      take(loan)
      changed()
    },
    reset: () => {
      forget()
      isLoaded = false
      resets += 1
      changed({ resets })
    },
    disconnected: () => changed({ status: isLoaded ? "reconnecting" : "connecting", problem: undefined }),
    refused: (problem) => changed({ status: "refused", problem }),
  })
}

const called = <A>(call: () => Promise<A>) => Effect.tryPromise({ try: call, catch: loanApiError })
