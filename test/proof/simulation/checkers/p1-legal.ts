import { isLegal } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Finding, InspectedLoan } from "./inspected.ts"

/** P1: every recorded step is in the table of legal transitions, and begins where the step before it ended. */
export function checkLegal(loans: ReadonlyArray<InspectedLoan>): Finding {
  const violations: Array<string> = []
  let checked = 0
  for (const { stored, entries } of loans) {
    const { applicationReference } = stored.loan
    let stage: Stage = "submitted"
    for (const { steps, version } of entries) {
      for (const { from, to } of steps) {
        checked++
        const where = `${applicationReference}, entry ${version}: ${from} -> ${to}`
        if (!isLegal(from, to)) violations.push(`${where} is no legal transition`)
        if (from !== stage) violations.push(`${where} does not follow on ${stage}`)
        stage = to
      }
    }
    if (stage !== stored.loan.stage) {
      violations.push(`${applicationReference} stands at ${stored.loan.stage}, its journal at ${stage}`)
    }
  }
  return { checked, violations }
}
