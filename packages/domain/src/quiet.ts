import { canonicalJson } from "./canonical-json.ts"
import type { Facts } from "./facts.ts"
import type { Decision, Loan } from "./loan.ts"
import { loanView } from "./loan-view.ts"

/**
 * Whether the bank's answer brings nothing new. The loan's stage is unchanged, and in the facts only the dates of the
 * bank's latest answers have changed. Such an answer adds no entry. The next observation carries the answer in {@link
 * Observation.levels}, so the result is the same as if the answer had been recorded.
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
 * Compares every fact except the dates of the bank's latest answers. When events join the facts, each member that does
 * not change stays the same object. So for most members, `===` is enough.
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
