import { openLoan } from "@loan-engine/domain/loan"
import type { Decision, Loan, Observe } from "@loan-engine/domain/loan"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Observation } from "@loan-engine/domain/observation"
import { account, reference } from "./arbitraries.ts"
import type { Breach, Judge } from "./law.ts"

/** Folds observations into a loan that the first of them opens, and shows each decision to a listener on the way. */
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

/** What a judge finds wrong with any decision of a fold. */
export function judged(
  observe: Observe,
  observations: ReadonlyArray<Observation>,
  judge: Judge,
): ReadonlyArray<Breach> {
  const breaches: Array<Breach> = []
  fold(observe, observations, (...decided) => breaches.push(...judge(...decided)))
  return breaches
}

/** All that a loan means: everything but how many observations it took. */
export const meaning = (loan: Loan): string => canonicalJson({ ...loan, version: 0 })
