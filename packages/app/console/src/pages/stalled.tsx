import type { LoanJson } from "@loan-engine/app/client"
import { LoanList } from "../parts/loan-list.tsx"
import { useWords } from "../words/language.ts"

const onlyStalled = { stalled: true }
const isStalled = ({ stalled }: LoanJson): boolean => stalled

/** The loans that the bank has had nothing new to say about for so long that somebody should look into it. */
export function Stalled() {
  const words = useWords()
  return (
    <LoanList
      title={words.pages.stalled}
      hint={words.stalled.hint}
      empty={words.stalled.empty}
      action={words.stalled.look}
      only={onlyStalled}
      belongs={isStalled}
    />
  )
}
