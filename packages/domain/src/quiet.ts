import { canonicalJson } from "./canonical-json.ts"
import type { Facts } from "./facts.ts"
import type { Decision, Loan } from "./loan.ts"
import { loanView } from "./loan-view.ts"

/**
 * Whether an answer of the bank says nothing new: the loan's stage is unchanged, and in the facts only the dates of the
 * bank's latest answers have moved. Such an answer is a level, not news. The next observation is decided as if the
 * answer had been recorded ({@link Observation.levels}).
 */
export const isQuiet = (before: Loan, { loan, hold, steps, news }: Decision): boolean =>
  hold === null &&
  steps.length === 0 &&
  news.length === 0 &&
  before.registered === loan.registered &&
  before.account === loan.account &&
  before.externalReference === loan.externalReference &&
  areSame(before.facts, loan.facts) &&
  shown(before) === shown(loan)

const shown = (loan: Loan): string => JSON.stringify(loanView({ ...loan, version: 0 }))

/**
 * Every fact except the dates of the bank's latest answers. A join keeps what it does not change, so most members are
 * the same objects.
 */
function areSame(before: Facts, after: Facts): boolean {
  const [was, is] = [undated(before), undated(after)]
  const names = new Set([...Object.keys(was), ...Object.keys(is)])
  return [...names].every((name) => {
    const [one, other]: ReadonlyArray<Parameters<typeof canonicalJson>[0] | undefined> = [
      Reflect.get(was, name),
      Reflect.get(is, name),
    ]
    return one === other || canonicalJson({ one }) === canonicalJson({ one: other })
  })
}

const undated = (facts: Facts): Facts => ({
  ...facts,
  additionRequestedAt: facts.additionRequestedAt === null ? null : 0,
  additionClearedAt: facts.additionClearedAt === null ? null : 0,
  ruling: facts.ruling === null ? null : { ...facts.ruling, at: 0 },
})
