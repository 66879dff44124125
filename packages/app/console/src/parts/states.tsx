import type { LoanApiError } from "@loan-engine/app/client"
import type { ReactNode } from "react"
import { useWords } from "../words/language.ts"

export function Loading() {
  const words = useWords()
  return (
    <p className="loading" role="status">
      <span aria-hidden="true" />
      {words.loading}
    </p>
  )
}

export const Empty = ({ children }: { children: ReactNode }) => <p className="empty">{children}</p>

/** Shows the engine's own text of a refusal, or that the engine could not be reached. */
export function Failure({ error, retry }: { error: LoanApiError; retry?: () => void }) {
  const words = useWords()
  return (
    <div className="notice danger" role="alert">
      <p>
        <strong>{words.failed}.</strong>{" "}
        {error.problem === undefined ? words.unreachable : <span lang="en">{error.problem.detail}</span>}
      </p>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          {words.retry}
        </button>
      )}
    </div>
  )
}
