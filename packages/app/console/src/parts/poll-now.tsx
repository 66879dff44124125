import type { LoanApiError, PolledJson } from "@loan-engine/app/client"
import { useState } from "react"
import { asApiError } from "../loaded.ts"
import { useMayOperate, useSession } from "../session.ts"
import { useWords } from "../words/language.ts"
import { Failure } from "./states.tsx"

/** Polls the bank about a loan now, and shows what its answers did. */
export function PollNow({ reference }: { reference: string }) {
  const words = useWords()
  const { client } = useSession()
  const mayOperate = useMayOperate()
  const [isAsking, setAsking] = useState(false)
  const [asked, setAsked] = useState<PolledJson["asked"]>()
  const [error, setError] = useState<LoanApiError>()
  const ask = async (): Promise<void> => {
    setAsking(true)
    setAsked(undefined)
    setError(undefined)
    try {
      setAsked((await client.poll(reference)).asked)
    } catch (failure) {
      setError(asApiError(failure))
    } finally {
      setAsking(false)
    }
  }
  if (!mayOperate) return <p className="hint">{words.loan.pollScope}</p>
  return (
    <>
      <button type="button" disabled={isAsking} onClick={() => void ask()}>
        {isAsking ? words.loan.polling : words.loan.pollNow}
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
