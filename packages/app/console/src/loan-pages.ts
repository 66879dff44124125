import type { LoanClient, LoanJson, LoanPageOptions } from "@loan-engine/app/client"
import { useCallback, useEffect, useState } from "react"
import { refreshWithoutChangeMs } from "./loaded.ts"
import { useEachChange } from "./session.ts"

/** How many loans a page of a list shows. */
const listedLoansMax = 50

/** If the engine answers with this many empty pages in a row, the console asks the reader whether to continue. */
const emptyPagesMax = 10

export interface ListedLoans {
  readonly loans: ReadonlyArray<LoanJson>
  readonly next: string | null
}

/**
 * Loads one page of a list. The engine may answer with fewer loans than the page holds, or with none, and still
 * report more.
 */
export async function loanPage(client: LoanClient, options: LoanPageOptions): Promise<ListedLoans> {
  let page = await client.loans({ ...options, limit: listedLoansMax })
  for (let asked = 1; page.loans.length === 0 && page.next !== null && asked < emptyPagesMax; asked += 1) {
    page = await client.loans({ ...options, limit: listedLoansMax, cursor: page.next })
  }
  return page
}

/**
 * Like `loanPage`. If no application reference begins with the search text, the loans with exactly this external
 * reference are loaded.
 */
export async function loansFound(client: LoanClient, options: LoanPageOptions): Promise<ListedLoans> {
  const { reference, ...others } = options
  const page = await loanPage(client, options)
  if (reference === undefined || page.loans.length > 0 || page.next !== null) return page
  return loanPage(client, { ...others, externalReference: reference })
}

interface Patches {
  readonly of: ListedLoans | undefined
  readonly newer: ReadonlyMap<string, LoanJson>
  readonly arrived: ReadonlySet<string>
}

/**
 * The loans of a page, kept current. A loan that no longer matches keeps its row, so that nothing jumps while a
 * person clicks. Loans that newly match are only counted. The page is also loaded at intervals, because the feed does
 * not report when a loan is polled next.
 */
export function useLiveLoans(
  page: ListedLoans | undefined,
  belongs: (loan: LoanJson) => boolean,
  load: () => Promise<ListedLoans>,
) {
  const [patches, setPatches] = useState<Patches>(() => noPatches(page))
  const take = useCallback(
    ({ loan }: { readonly loan: LoanJson }) => {
      if (page === undefined) return
      setPatches((before) => patched(before.of === page ? before : noPatches(page), page, loan, belongs))
    },
    [page, belongs],
  )
  useEachChange(take)
  useEffect(() => {
    const repeated = window.setInterval(() => {
      load().then(
        ({ loans }) => loans.forEach((loan) => take({ loan })),
        // The live mark already shows that the engine does not answer.
        () => undefined,
      )
    }, refreshWithoutChangeMs)
    return () => window.clearInterval(repeated)
  }, [load, take])
  const current = patches.of === page ? patches : noPatches(page)
  return {
    loans: page?.loans.map((loan) => current.newer.get(loan.applicationReference) ?? loan) ?? [],
    arrived: current.arrived.size,
  }
}

const noPatches = (page: ListedLoans | undefined): Patches => ({
  of: page,
  newer: new Map(),
  arrived: new Set(),
})

function patched(
  before: Patches,
  page: ListedLoans,
  loan: LoanJson,
  belongs: (loan: LoanJson) => boolean,
): Patches {
  const reference = loan.applicationReference
  const shown =
    before.newer.get(reference) ?? page.loans.find((each) => each.applicationReference === reference)
  if (shown !== undefined) {
    if (shown.version > loan.version) return before
    return { ...before, newer: new Map(before.newer).set(reference, loan) }
  }
  if (!belongs(loan) || before.arrived.has(reference)) return before
  return { ...before, arrived: new Set(before.arrived).add(reference) }
}
