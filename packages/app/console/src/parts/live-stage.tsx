import type { LoanJson } from "@loan-engine/app/client"
import { useState } from "react"
import { StageBadge } from "./stage-badge.tsx"

/** A loan's stage. It lights up when the loan changes while the page is open. */
export function LiveStage({ loan }: { loan: LoanJson }) {
  const [first] = useState(loan.version)
  return (
    <span key={loan.version} className={loan.version === first ? undefined : "arriving"}>
      <StageBadge stage={loan.stage} />
    </span>
  )
}
