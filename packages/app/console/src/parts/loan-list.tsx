import type { ChangeJson, LoanJson, LoanPageOptions } from "@loan-engine/app/client"
import { useCallback, useState } from "react"
import type { ReactNode } from "react"
import { useLoaded, useRefresh } from "../loaded.ts"
import { loanPage } from "../loan-pages.ts"
import { useSession } from "../session.ts"
import { useWords } from "../words/language.ts"
import { LoanTable } from "./loan-table.tsx"
import { Empty, Failure, Loading } from "./states.tsx"

interface LoanListProps {
  readonly title: string
  readonly hint: string
  readonly empty: ReactNode
  readonly action: string
  /** The filter. It must be the same object each time, because another one causes a new load. */
  readonly only: LoanPageOptions
  /** Whether a changed loan now belongs here. */
  readonly belongs: (loan: LoanJson) => boolean
}

/** The loans that wait for a person, live, one page at a time. */
export function LoanList({ title, hint, empty, action, only, belongs }: LoanListProps) {
  const words = useWords()
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
        <LoanTable label={title} loans={value.loans} action={action} />
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
