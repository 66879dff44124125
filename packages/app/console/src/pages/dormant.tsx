import type { LoanJson } from "@loan-engine/app/client"
import { LoanList } from "../parts/loan-list.tsx"
import { useWords } from "../words/language.ts"

const onlyDormant = { dormant: true }
const isDormant = ({ dormant }: LoanJson): boolean => dormant

/** The loans about which the bank has said nothing new for long. A person may close them or ask the bank. */
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
