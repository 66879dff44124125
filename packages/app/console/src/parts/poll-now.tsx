import type { PolledJson } from "@loan-engine/app/client"
import { useState } from "react"
import { useAction } from "../action.ts"
import { useMayOperate, useSession } from "../session.ts"
import { useWords } from "../words/language.ts"
import { Failure } from "./states.tsx"

/** Polls the bank about a loan now, and shows what the bank's answers changed. */
export function PollNow({ reference }: { reference: string }) {
  const words = useWords()
  const { client } = useSession()
  const mayOperate = useMayOperate()
  const { run, isBusy, error } = useAction()
  const [asked, setAsked] = useState<PolledJson["asked"]>()
  const ask = async (): Promise<void> => {
    setAsked(undefined)
    setAsked((await client.poll(reference)).asked)
  }
  if (!mayOperate) return <p className="hint">{words.loan.pollScope}</p>
  return (
    <>
      <button type="button" disabled={isBusy} onClick={() => void run(ask)}>
        {isBusy ? words.loan.polling : words.loan.pollNow}
      </button>
      <p className="asked" role="status">
        {asked?.map(({ question, disposition }) => (
          <span key={question}>
            {words.loan.asked[question]}:{" "}
            {disposition === undefined ? words.loan.unanswered : words.timeline.disposition[disposition]}
          </span>
        ))}
      </p>
      {error !== undefined && <Failure error={error} />}
    </>
  )
}
