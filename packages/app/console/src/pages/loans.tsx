import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanJson, LoanPageOptions } from "@loan-engine/app/client"
import { useCallback, useEffect, useMemo, useState } from "react"
import { count } from "../format.ts"
import { useLoaded } from "../loaded.ts"
import { loansFound, useLiveLoans } from "../loan-pages.ts"
import { Icon } from "../parts/icon.tsx"
import { LoanTable } from "../parts/loan-table.tsx"
import { Pager } from "../parts/pager.tsx"
import { Empty, Failure, Loading } from "../parts/states.tsx"
import { loanHref, loansHref, replacePlace } from "../router.ts"
import { useSession } from "../session.ts"
import { useLanguage, useWords } from "../words/language.ts"

interface Filters {
  readonly reference: string
  readonly stage: string
  readonly account: string
  readonly documents: string
}

const isStage = (text: string): text is Stage => stages.some((stage) => stage === text)

const filtersIn = (query: URLSearchParams): Filters => ({
  reference: query.get("reference") ?? "",
  stage: query.get("stage") ?? "",
  account: query.get("account") ?? "",
  documents: query.get("documents") ?? "",
})

const optionsOf = ({ reference, stage, account, documents }: Filters): LoanPageOptions => ({
  ...(reference === "" ? {} : { reference }),
  ...(isStage(stage) ? { stage } : {}),
  ...(account === "" ? {} : { account }),
  ...(documents === "" ? {} : { additionOutstanding: true }),
})

function belongsTo({ reference, stage, account, documents }: Filters, loan: LoanJson): boolean {
  if (!loan.applicationReference.startsWith(reference) && loan.externalReference !== reference) return false
  if (isStage(stage) && loan.stage !== stage) return false
  if (account !== "" && loan.account !== account) return false
  return documents === "" || loan.additionOutstanding
}

/** All loans, or those that match the search: one page at a time, live. */
export function Loans({ query }: { query: URLSearchParams }) {
  const words = useWords()
  const language = useLanguage()
  const { client } = useSession()
  const filters = useMemo(() => filtersIn(query), [query])
  const cursor = query.get("cursor")
  const load = useCallback(
    () => loansFound(client, { ...optionsOf(filters), ...(cursor === null ? {} : { cursor }) }),
    [client, filters, cursor],
  )
  const { value, error, reload } = useLoaded(load)
  const belongs = useCallback(
    (loan: LoanJson) => cursor === null && belongsTo(filters, loan),
    [filters, cursor],
  )
  const { loans, arrived } = useLiveLoans(value, belongs, load)
  const isFiltered = Object.values(filters).some((each) => each !== "")
  const found = loans.find((loan) => loan.applicationReference === filters.reference)
  const only = found ?? (loans.length === 1 ? loans[0] : undefined)
  return (
    <>
      <h1>{words.pages.loans}</h1>
      <FilterBar
        filters={filters}
        open={() => {
          if (only !== undefined) window.location.hash = loanHref(only.applicationReference)
        }}
      />
      {error !== undefined && <Failure error={error} retry={reload} />}
      {value === undefined && error === undefined && <Loading />}
      {value !== undefined && (
        <>
          <p className="summary" role="status">
            {words.loans.shown(count(language, loans.length))}
            {arrived > 0 && (
              <>
                {" · "}
                {words.loans.arrived(arrived)}{" "}
                <button type="button" onClick={reload}>
                  {words.loans.refresh}
                </button>
              </>
            )}
          </p>
          {loans.length > 0 ? (
            <LoanTable label={words.pages.loans} loans={loans} />
          ) : (
            <Empty>
              {isFiltered ? words.loans.empty : words.overview.empty}{" "}
              {isFiltered && <a href="#/loans">{words.loans.clear}</a>}
            </Empty>
          )}
          <Pager
            first={cursor === null ? undefined : loansHref({ ...filters })}
            next={value.next === null ? undefined : loansHref({ ...filters, cursor: value.next })}
          />
        </>
      )}
    </>
  )
}

/** How long after the last keystroke the search begins. */
const typingPauseMs = 200

function FilterBar({ filters, open }: { filters: Filters; open: () => void }) {
  const words = useWords()
  const { client } = useSession()
  const { value: accounts = [] } = useLoaded(useCallback(() => client.accounts(), [client]))
  const [text, setText] = useState(filters.reference)
  const change = (changed: Partial<Filters>): void => replacePlace(loansHref({ ...filters, ...changed }))
  useEffect(() => setText(filters.reference), [filters.reference])
  useEffect(() => {
    if (text === filters.reference) return
    const waiting = window.setTimeout(() => change({ reference: text }), typingPauseMs)
    return () => window.clearTimeout(waiting)
  })
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        open()
      }}
    >
      <label className="search">
        <span className="only-heard">{words.loans.search}</span>
        <Icon name="search" />
        <input
          type="search"
          value={text}
          placeholder={words.loans.search}
          title={words.loans.searchHint}
          autoComplete="off"
          spellCheck={false}
          maxLength={applicationReferenceLengthMax}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <label>
        <span className="only-heard">{words.loans.stage}</span>
        <select value={filters.stage} onChange={({ target }) => change({ stage: target.value })}>
          <option value="">{words.loans.anyStage}</option>
          {stages.map((stage) => (
            <option key={stage} value={stage}>
              {words.stage[stage]}
            </option>
          ))}
        </select>
      </label>
      {(accounts.length > 1 || filters.account !== "") && (
        <label>
          <span className="only-heard">{words.loans.account}</span>
          <select value={filters.account} onChange={({ target }) => change({ account: target.value })}>
            <option value="">{words.loans.anyAccount}</option>
            {accounts.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={filters.documents !== ""}
          onChange={({ target }) => change({ documents: target.checked ? "yes" : "" })}
        />
        {words.loans.documents}
      </label>
    </form>
  )
}
