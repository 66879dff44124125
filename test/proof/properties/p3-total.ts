import { stages } from "@loan-engine/domain/legal-transitions"
import { noFacts } from "@loan-engine/domain/facts"
import { loanMachine } from "@loan-engine/domain/loan-machine"
import { openLoan, tellerOf } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { expect } from "vitest"
import { initialTransition, transition } from "xstate"
import {
  account,
  loanEvent,
  observations,
  observed,
  reference,
  tracesWithRegistrations,
} from "./arbitraries.ts"
import { fold, judged } from "./fold.ts"
import { judgeTotal } from "./judges.ts"
import type { Law } from "./law.ts"

export const p3: ReadonlyArray<Law> = [
  {
    property: "P3",
    title: "every observation gets its one disposition and no event is dropped, for any input",
    holdsFor: (observe) =>
      fc.property(observations, (trace) => {
        expect(judged(observe, trace, judgeTotal)).toEqual([])
      }),
  },
  {
    property: "P3",
    title: "XState itself, sent the same events, ends in the same facts and at the same stage",
    holdsFor: (observe) =>
      fc.property(tracesWithRegistrations, (trace) => {
        let [snapshot] = initialTransition(loanMachine)
        fold(observe, trace, (_before, observation, { loan }) => {
          const { events } = observation
          const teller = tellerOf(observation)
          ;[snapshot] = transition(loanMachine, snapshot, { type: "observed", events, teller })
          expect({ stage: snapshot.value, facts: snapshot.context }).toEqual({
            stage: loan.stage,
            facts: loan.facts,
          })
        })
      }),
  },
  {
    property: "P3",
    title: "an event that comes early is not lost, in any stage",
    holdsFor: (observe) =>
      fc.property(fc.constantFrom(...stages), loanEvent, (stage, event) => {
        const loan = { ...openLoan(reference, account), stage, facts: noFacts }
        const observation = observed([event])
        expect(judgeTotal(loan, observation, observe(loan, observation))).toEqual([])
      }),
  },
]
