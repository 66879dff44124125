import { visibleText } from "../../../src/base/visible-text.ts"
import type { EntryJson, LoanJson, RuledJson } from "@loan-engine/app/client"
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react"
import { count } from "../format.ts"
import { useLoaded, useRefresh } from "../loaded.ts"
import { Card } from "../parts/card.tsx"
import { Closure } from "../parts/closure.tsx"
import { LoanLifecycle } from "../parts/lifecycle.tsx"
import { LoanFacts } from "../parts/loan-facts.tsx"
import { PollNow } from "../parts/poll-now.tsx"
import { Ruling } from "../parts/ruling.tsx"
import { LiveStage } from "../parts/live-stage.tsx"
import { Empty, Failure, Loading } from "../parts/states.tsx"
import { Timeline } from "../parts/timeline.tsx"
import { pageHref } from "../router.ts"
import { useSession } from "../session.ts"
import { wayOf } from "../way.ts"
import { useLanguage, useWords } from "../words/language.ts"

/** One loan, live: its state and its evidence. */
export function LoanPage({ reference }: { reference: string }) {
  const words = useWords()
  const { client } = useSession()
  const watch = useMemo(() => client.watchLoan(reference), [client, reference])
  const { loan: heard, resets } = useSyncExternalStore(watch.subscribe, watch.getSnapshot)
  // After a reset, the engine no longer has the history to which the loaded data belongs. A new `load` function
  // discards that data.
  const asked = useLoaded(useCallback(() => client.loan(reference), [client, reference, resets]))
  useRefresh(asked.reload, neither)
  const loan = newer(heard, asked.value)
  const history = useLoaded(useCallback(() => client.history(reference), [client, reference, resets]))
  const { reload } = history
  const { reload: askAgain } = asked
  const version = loan?.version
  const isFirst = useRef(true)
  useEffect(() => {
    if (!isFirst.current) {
      reload()
      askAgain()
    }
    isFirst.current = false
  }, [reload, askAgain, version])
  const isUnknown = loan === undefined && history.error?.problem?.code === "loan-unknown"
  return (
    <>
      <p className="back">
        <a href={pageHref("loans")}>← {words.loan.back}</a>
      </p>
      <h1 className="reference">
        <bdi>{visibleText(reference)}</bdi>
      </h1>
      {isUnknown && <Empty>{words.loan.unknown}</Empty>}
      {history.error !== undefined && !isUnknown && <Failure error={history.error} retry={reload} />}
      {loan === undefined && history.error === undefined && <Loading />}
      {loan !== undefined && <Known loan={loan} entries={history.value} changed={askAgain} />}
    </>
  )
}

/**
 * The stream reports every change of the loan, so no change needs a reload. The time of the next poll is not in the
 * stream; it is loaded at intervals.
 */
const neither = (): boolean => false

function newer(heard: LoanJson | undefined, asked: LoanJson | undefined): LoanJson | undefined {
  if (heard === undefined || asked === undefined) return heard ?? asked
  return heard.version > asked.version ? heard : asked
}

interface KnownProps {
  readonly loan: LoanJson
  readonly entries: ReadonlyArray<EntryJson> | undefined
  /** Call this after a command on this page. It loads the page's data again. */
  readonly changed: () => void
}

function Known({ loan, entries, changed }: KnownProps) {
  const words = useWords()
  const language = useLanguage()
  const [ruled, setRuled] = useState<RuledJson>()
  const told = useRef<HTMLParagraphElement>(null)
  useEffect(() => {
    if (ruled !== undefined) told.current?.focus()
  }, [ruled])
  const way = useMemo(() => wayOf(entries ?? []), [entries])
  return (
    <>
      <div className="standing">
        <LiveStage loan={loan} />
        {loan.additionOutstanding && <span className="flag">{words.loans.outstanding}</span>}
        {loan.stalled && <span className="flag warning">{words.loans.stalled}</span>}
        {loan.dormant && <span className="flag">{words.loans.dormant}</span>}
        {loan.closed && <span className="flag">{words.loans.closed}</span>}
        <span>{loan.account}</span>
        <span>{words.loan.version(count(language, loan.version))}</span>
        {loan.externalReference !== null && (
          <span>
            {words.loan.ownReference} <bdi>{visibleText(loan.externalReference)}</bdi>
          </span>
        )}
        <PollNow reference={loan.applicationReference} />
      </div>
      {!loan.registered && <p className="notice warning">{words.loan.unregistered}</p>}
      {loan.stalled && <p className="notice warning">{words.loan.stalled}</p>}
      {loan.dormant && <p className="notice">{words.loan.dormant}</p>}
      {ruled !== undefined && (
        <p ref={told} tabIndex={-1} className="notice fine" role="status">
          {words.ruling.done(words.stage[ruled.stage])}
        </p>
      )}
      {loan.stage === "disputed" && !loan.closed && <Ruling loan={loan} done={setRuled} />}
      <div className="columns">
        <div className="stack">
          <LoanFacts loan={loan} />
          <Closure loan={loan} done={changed} />
        </div>
        <div className="stack">
          <Card title={words.loan.path} className="path">
            <LoanLifecycle way={way} current={loan.stage} />
          </Card>
          <Card title={words.timeline.title}>
            {entries === undefined ? <Loading /> : <Timeline entries={entries} />}
          </Card>
        </div>
      </div>
    </>
  )
}
