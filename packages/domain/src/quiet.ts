import { canonicalJson } from "./canonical-json.ts"
import type { Facts } from "./facts.ts"
import type { Decision, Loan } from "./loan.ts"
import { loanView } from "./loan-view.ts"

/**
 * Whether an answer of the bank says nothing new: the loan stands as it stood, and of the facts only those dates have moved that tell how
 * lately the bank has said so. Such an answer is a level, and no news: what comes next is decided as if it had been recorded
 * ({@link Observation.levels}).
 */
export const isQuiet = (before: Loan, { loan, hold, steps, news }: Decision): boolean =>
  hold === null && steps.length === 0 && news.length === 0 && standsAt(before) === standsAt(loan)

/** All that a loan is, but how often it was heard of and how lately the bank has said so. */
const standsAt = (loan: Loan): string => {
  const view = loanView({ ...loan, version: 0 })
  return canonicalJson({ ...loan, version: 0, facts: undated(loan.facts) }) + JSON.stringify(view)
}

const undated = (facts: Facts): Facts => ({
  ...facts,
  additionRequestedAt: facts.additionRequestedAt === null ? null : 0,
  additionClearedAt: facts.additionClearedAt === null ? null : 0,
  ruling: facts.ruling === null ? null : { ...facts.ruling, at: 0 },
})
