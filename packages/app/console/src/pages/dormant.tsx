import type { LoanJson } from "@loan-engine/app/client"
import { LoanList } from "../parts/loan-list.tsx"
import { useWords } from "../words/language.ts"

const onlyDormant = { dormant: true }
const isDormant = ({ dormant }: LoanJson): boolean => dormant

/** The loans of which the bank has long said nothing new, for somebody to close or to ask about. */
export function Dormant() {
  const words = useWords()
  return (
    <LoanList
      title={words.pages.dormant}
      hint={words.dormant.hint}
      empty={words.dormant.empty}
      action={words.dormant.look}
      only={onlyDormant}
      belongs={isDormant}
    />
  )
}
