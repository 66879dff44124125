import type { LoanJson } from "@loan-engine/app/client"
import { LoanList } from "../parts/loan-list.tsx"
import { useWords } from "../words/language.ts"

const disputed = { disputed: true, closed: false }
const isDisputed = ({ stage, closed }: LoanJson): boolean => stage === "disputed" && !closed

/** The loans that wait for a ruling. */
export function Disputes() {
  const words = useWords()
  return (
    <LoanList
      title={words.pages.disputes}
      hint={words.disputes.hint}
      empty={words.disputes.empty}
      action={words.disputes.rule}
      only={disputed}
      belongs={isDisputed}
    />
  )
}
