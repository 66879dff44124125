import type { Stage } from "@loan-engine/domain/legal-transitions"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import type { Finding, Inspected } from "./inspected.ts"

/** Stages at which an addition that the bank waits for still matters to anybody. */
const openStages: ReadonlySet<Stage> = new Set<Stage>([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
])

/** P5: once the faults are over and the polls have had their time, the engine says of every loan what the bank says. */
export function checkAgreement({ loans, truth }: Inspected): Finding {
  const known = new Map<string, Inspected["loans"][number]>(
    loans.map((inspected) => [inspected.stored.loan.applicationReference, inspected]),
  )
  const violations = truth.flatMap(({ applicationReference, account, stage, additionOutstanding }) => {
    const loan = known.get(applicationReference)?.stored.loan
    if (loan === undefined) return [`${applicationReference}: the bank has it, the engine does not`]
    const outstanding = isAdditionOutstanding(loan.facts)
    return [
      ...(loan.stage === stage ? [] : [`stage ${stage} at the bank, ${loan.stage} here`]),
      ...(loan.account === account ? [] : [`account ${account} at the bank, ${loan.account} here`]),
      ...(loan.registered ? [] : ["not registered, though its submission was"]),
      ...(!openStages.has(stage) || outstanding === additionOutstanding
        ? []
        : [`addition outstanding ${additionOutstanding} at the bank, ${outstanding} here`]),
    ].map((what) => `${applicationReference}: ${what}`)
  })
  return { checked: truth.length, violations }
}
