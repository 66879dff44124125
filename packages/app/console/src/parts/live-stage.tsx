import type { LoanJson } from "@loan-engine/app/client"
import { useState } from "react"
import { StageBadge } from "./stage-badge.tsx"

/** Where a loan stands; it lights up when something is heard of the loan while it is looked at. */
export function LiveStage({ loan }: { loan: LoanJson }) {
  const [first] = useState(loan.version)
  return (
    <span key={loan.version} className={loan.version === first ? undefined : "arriving"}>
      <StageBadge stage={loan.stage} />
    </span>
  )
}
