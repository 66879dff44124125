import type { LoanClient, LoanJson, LoanPageOptions } from "@loan-engine/app/client"
import { useCallback, useEffect, useState } from "react"
import { refreshWithoutChangeMs } from "./loaded.ts"
import { useEachChange } from "./session.ts"

/** How many loans a page of a list shows. */
const listedLoansMax = 50

/** How many of the engine's pages are asked for in vain before the reader is asked whether to go on. */
const emptyPagesMax = 10

export interface ListedLoans {
  readonly loans: ReadonlyArray<LoanJson>
  readonly next: string | null
}

/** One page of a list; the engine may answer with less than there is, or nothing, and say that there is more. */
export async function loanPage(client: LoanClient, options: LoanPageOptions): Promise<ListedLoans> {
  let page = await client.loans({ ...options, limit: listedLoansMax })
  for (let asked = 1; page.loans.length === 0 && page.next !== null && asked < emptyPagesMax; asked += 1) {
    page = await client.loans({ ...options, limit: listedLoansMax, cursor: page.next })
  }
  return page
}

/** The same; where no application reference begins so, the loans that the merchant calls exactly so. */
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
 * The loans of a page as they are by now. A row stays where it is when its loan moves on, so that nothing jumps away under a
 * finger; loans that would belong here as well are counted. From time to time the page is asked for again, because when a loan
 * is polled next is no change of the feed.
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
        // The line says by itself that the engine is away.
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
