import { stages } from "@loan-engine/domain/legal-transitions"
import { noFacts } from "@loan-engine/domain/facts"
import { openLoan } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { expect } from "vitest"
import { account, loanEvent, observations, observed, reference } from "./arbitraries.ts"
import { judged } from "./fold.ts"
import { judgeTotal } from "./judges.ts"
import type { Law } from "./law.ts"

export const p3: ReadonlyArray<Law> = [
  {
    property: "P3",
    title: "every observation gets its one disposition and no event is dropped, whatever comes",
    holdsFor: (observe) =>
      fc.property(observations, (trace) => {
        expect(judged(observe, trace, judgeTotal)).toEqual([])
      }),
  },
  {
    property: "P3",
    title: "an event that comes early is not lost, whatever the stage it finds",
    holdsFor: (observe) =>
      fc.property(fc.constantFrom(...stages), loanEvent, (stage, event) => {
        const loan = { ...openLoan(reference, account), stage, facts: noFacts }
        const observation = observed([event])
        expect(judgeTotal(loan, observation, observe(loan, observation))).toEqual([])
      }),
  },
]
