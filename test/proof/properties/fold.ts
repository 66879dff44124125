import { openLoan } from "@loan-engine/domain/loan"
import type { Decision, Loan, Observe } from "@loan-engine/domain/loan"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Observation } from "@loan-engine/domain/observation"
import { account, reference } from "./arbitraries.ts"
import type { Breach, Judge } from "./law.ts"

/** Applies observations to a loan that the first one opens. A listener gets each decision. */
export function fold(
  observe: Observe,
  observations: ReadonlyArray<Observation>,
  listen: (before: Loan, observation: Observation, decision: Decision) => void = () => undefined,
): Loan {
  let loan = openLoan(reference, observations[0]?.account ?? account)
  for (const observation of observations) {
    const decision = observe(loan, observation)
    listen(loan, observation, decision)
    loan = decision.loan
  }
  return loan
}

/** The breaches that a judge finds in all decisions of a fold. */
export function judged(
  observe: Observe,
  observations: ReadonlyArray<Observation>,
  judge: Judge,
): ReadonlyArray<Breach> {
  const breaches: Array<Breach> = []
  fold(observe, observations, (...decided) => breaches.push(...judge(...decided)))
  return breaches
}

/** All content of a loan except the number of its observations. */
export const meaning = (loan: Loan): string => canonicalJson({ ...loan, version: 0 })
