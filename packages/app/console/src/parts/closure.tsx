import type { LoanJson } from "@loan-engine/app/client"
import { useState } from "react"
import { visibleLines, visibleText } from "../../../src/base/visible-text.ts"
import { useAction } from "../action.ts"
import { dateTime } from "../format.ts"
import { useMayOperate, useSession } from "../session.ts"
import { useLanguage, useWords } from "../words/language.ts"
import { Card } from "./card.tsx"
import { Failure } from "./states.tsx"

const reasons = ["withdrawn", "expired", "superseded", "duplicate", "other"] as const
type Reason = (typeof reasons)[number]

/**
 * Shows whether anybody still pursues the application. A user with the scope `operate` can close the loan here or
 * open it again.
 */
export function Closure({ loan, done }: { loan: LoanJson; done: () => void }) {
  const words = useWords()
  const mayOperate = useMayOperate()
  return (
    <Card title={words.closure.title} className="closure">
      <State loan={loan} />
      {loan.suggestion === "close" && <p className="notice">{words.closure.suggested}</p>}
      {mayOperate && <ClosureForm key={String(loan.closed)} loan={loan} done={done} />}
    </Card>
  )
}

function State({ loan: { closure } }: { loan: LoanJson }) {
  const words = useWords()
  const language = useLanguage()
  if (closure === null) return <p className="hint">{words.closure.open}</p>
  const { reason, by, at, note } = closure
  return (
    <>
      <p>
        {words.closure.closed} {words.closure.reason[reason]}.
      </p>
      <p className="hint">
        {words.timeline.ruledBy(visibleText(by))}, {dateTime(language, at)}
      </p>
      {note !== null && <q>{visibleLines(note)}</q>}
    </>
  )
}

function ClosureForm({ loan, done }: { loan: LoanJson; done: () => void }) {
  const words = useWords()
  const { client } = useSession()
  const [reason, setReason] = useState<Reason>("withdrawn")
  const [note, setNote] = useState("")
  const { run, isBusy, hasMoved, error } = useAction()

  const say = async (): Promise<void> => {
    const { applicationReference, closed, version: ifVersion } = loan
    const said = note.trim() === "" ? {} : { note: note.trim() }
    await (closed
      ? client.reopenLoan(applicationReference, said, { ifVersion })
      : client.closeLoan(applicationReference, { reason, ...said }, { ifVersion }))
    done()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void run(say)
      }}
    >
      {!loan.closed && (
        <label className="field">
          <span>{words.closure.why}</span>
          <select value={reason} onChange={({ target }) => setReason(reasonNamed(target.value))}>
            {reasons.map((each) => (
              <option key={each} value={each}>
                {words.closure.reason[each]}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className="field">
        <span>{words.closure.note}</span>
        <textarea
          required={!loan.closed && reason === "other"}
          maxLength={2000}
          rows={2}
          value={note}
          placeholder={words.closure.noteHint}
          onChange={({ target }) => setNote(target.value)}
        />
      </label>
      <button type="submit" disabled={isBusy}>
        {loan.closed ? words.closure.reopen : words.closure.close}
      </button>
      {hasMoved && (
        <p className="notice warning" role="alert">
          {words.closure.moved}
        </p>
      )}
      {error !== undefined && <Failure error={error} />}
    </form>
  )
}

const reasonNamed = (name: string): Reason => reasons.find((each) => each === name) ?? "other"
