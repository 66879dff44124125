import type { ChangeJson, LoanJson, LoanPageOptions } from "@loan-engine/app/client"
import { useCallback, useState } from "react"
import { useLoaded, useRefresh } from "../loaded.ts"
import { loanPage } from "../loan-pages.ts"
import { useSession } from "../session.ts"
import { useWords } from "../words/language.ts"
import { LoanTable } from "../parts/loan-table.tsx"
import { Empty, Failure, Loading } from "../parts/states.tsx"

interface Waiting {
  readonly only: LoanPageOptions
  /** Whether a changed loan now belongs in this list. */
  readonly belongs: (loan: LoanJson) => boolean
}

const lists = {
  /** The loans that wait for a ruling. */
  disputes: {
    only: { disputed: true, closed: false },
    belongs: ({ stage, closed }) => stage === "disputed" && !closed,
  },
  /** The loans about which the bank has reported nothing new for so long that a person should look at them. */
  stalled: { only: { stalled: true }, belongs: ({ stalled }) => stalled },
  /**
   * The loans that rest: the bank has reported nothing new for a long time, and the engine polls rarely. A person may
   * close them or poll the bank.
   */
  dormant: { only: { dormant: true }, belongs: ({ dormant }) => dormant },
} satisfies Readonly<Record<string, Waiting>>

/** The loans that wait for a person, kept current, one page at a time. */
export function WaitingLoans({ list }: { readonly list: keyof typeof lists }) {
  const { only, belongs }: Waiting = lists[list]
  const words = useWords()
  const title = words.pages[list]
  const { hint, empty, look } = words[list]
  const { client } = useSession()
  const [cursor, setCursor] = useState<string>()
  const { value, error, reload } = useLoaded(
    useCallback(
      () => loanPage(client, { ...only, ...(cursor === undefined ? {} : { cursor }) }),
      [client, only, cursor],
    ),
  )
  const isNews = useCallback(
    ({ loan }: ChangeJson) =>
      belongs(loan) ||
      (value?.loans.some((each) => each.applicationReference === loan.applicationReference) ?? false),
    [value, belongs],
  )
  useRefresh(reload, isNews)
  const next = value?.next ?? undefined
  return (
    <>
      <h1>{title}</h1>
      <p className="lead">{hint}</p>
      {error !== undefined && <Failure error={error} retry={reload} />}
      {value === undefined && error === undefined && <Loading />}
      {value?.loans.length === 0 && next === undefined && <Empty>{empty}</Empty>}
      {value !== undefined && value.loans.length > 0 && (
        <LoanTable label={title} loans={value.loans} action={look} />
      )}
      <p className="pager">
        {cursor !== undefined && (
          <button type="button" onClick={() => setCursor(undefined)}>
            {words.loans.first}
          </button>
        )}
        {next !== undefined && (
          <button type="button" onClick={() => setCursor(next)}>
            {words.loans.more}
          </button>
        )}
      </p>
    </>
  )
}
