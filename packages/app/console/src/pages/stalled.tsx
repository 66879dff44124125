import type { LoanJson } from "@loan-engine/app/client"
import { LoanList } from "../parts/loan-list.tsx"
import { useWords } from "../words/language.ts"

const onlyStalled = { stalled: true }
const isStalled = ({ stalled }: LoanJson): boolean => stalled

/** The loans about which the bank has said nothing new for so long that a person should look at them. */
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
