import type { LoanJson, RuledJson } from "@loan-engine/app/client"
import { useId, useState } from "react"
import { useAction } from "../action.ts"
import { useMayOperate, useSession } from "../session.ts"
import { useWords } from "../words/language.ts"
import { Card } from "./card.tsx"
import { RulingPreview } from "./ruling-preview.tsx"
import { Failure } from "./states.tsx"

type Verdict = "approved" | "rejected"
const verdicts = ["approved", "rejected"] as const

interface RulingProps {
  readonly loan: LoanJson
  readonly done: (ruled: RuledJson) => void
}

/**
 * The effect that a ruling would have on the loan at this version. The preview is no longer valid when the loan has
 * another version.
 */
interface Preview {
  readonly ruled: RuledJson
  readonly version: number
}

/**
 * A person's ruling on a loan in dispute. The console first shows a preview. The ruling is then made only if the loan
 * is still at the version of the preview.
 */
export function Ruling({ loan, done }: RulingProps) {
  const words = useWords()
  const mayOperate = useMayOperate()
  return (
    <Card title={words.ruling.title} className="ruling">
      <p>{words.ruling.why}</p>
      {mayOperate ? <RulingForm loan={loan} done={done} /> : <p className="notice">{words.ruling.scope}</p>}
    </Card>
  )
}

function RulingForm({ loan, done }: RulingProps) {
  const words = useWords()
  const { client } = useSession()
  const id = useId()
  const [decision, setDecision] = useState<Verdict>()
  const [by, setBy] = useState("")
  const [reason, setReason] = useState("")
  const [preview, setPreview] = useState<Preview>()
  const { run, isBusy, hasMoved, error, forget } = useAction()
  const isStale = preview !== undefined && preview.version !== loan.version
  const shown = isStale ? undefined : preview

  const say = (dryRun: boolean, ifVersion: number): Promise<void> =>
    run(async () => {
      if (decision === undefined) return
      const ruling = { decision, by: by.trim(), reason: reason.trim() }
      const asked = client.rule(loan.applicationReference, ruling, { dryRun, ifVersion })
      const ruled = await asked.catch((failure: unknown) => {
        setPreview(undefined)
        throw failure
      })
      if (dryRun) setPreview({ ruled, version: ifVersion })
      else done(ruled)
    })
  const edited = (): void => {
    setPreview(undefined)
    forget()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void say(true, loan.version)
      }}
    >
      <fieldset>
        <legend>{words.ruling.decision}</legend>
        {verdicts.map((verdict) => (
          <label key={verdict} className="choice">
            <input
              type="radio"
              name={`${id}-decision`}
              required
              checked={decision === verdict}
              onChange={() => {
                setDecision(verdict)
                edited()
              }}
            />
            {words.ruling.verdict[verdict]}
          </label>
        ))}
      </fieldset>
      <label className="field">
        <span>{words.ruling.by}</span>
        <input
          required
          pattern=".*\S.*"
          maxLength={200}
          autoComplete="name"
          value={by}
          placeholder={words.ruling.byHint}
          onChange={({ target }) => {
            setBy(target.value)
            edited()
          }}
        />
      </label>
      <label className="field">
        <span>{words.ruling.reason}</span>
        <textarea
          required
          maxLength={2000}
          rows={3}
          value={reason}
          placeholder={words.ruling.reasonHint}
          onChange={({ target }) => {
            setReason(target.value)
            edited()
          }}
        />
      </label>
      {shown === undefined && (
        <button className="primary" type="submit" disabled={isBusy}>
          {isBusy ? words.ruling.previewing : words.ruling.preview}
        </button>
      )}
      {(hasMoved || isStale) && (
        <p className="notice warning" role="alert">
          {words.ruling.moved}
        </p>
      )}
      {error !== undefined && <Failure error={error} />}
      {shown !== undefined && decision !== undefined && (
        <RulingPreview
          ruled={shown.ruled}
          label={isBusy ? words.ruling.ruling : words.ruling.rule[decision]}
          isBusy={isBusy}
          rule={() => void say(false, shown.version)}
          change={edited}
        />
      )}
    </form>
  )
}
