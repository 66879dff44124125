import fc from "fast-check"
import { expect } from "vitest"
import { batches, loanEvents, observations } from "./arbitraries.ts"
import { judged } from "./fold.ts"
import { judgeLegal } from "./judges.ts"
import type { Law } from "./law.ts"

export const p1: ReadonlyArray<Law> = [
  {
    property: "P1",
    title: "every step is legal, for any events in any order and any batching",
    holdsFor: (observe) =>
      fc.property(
        loanEvents.chain((events) => batches(events)),
        (trace) => {
          expect(judged(observe, trace, judgeLegal)).toEqual([])
        },
      ),
  },
  {
    property: "P1",
    title: "every step is legal, for any source, evidence and account",
    holdsFor: (observe) =>
      fc.property(observations, (trace) => {
        expect(judged(observe, trace, judgeLegal)).toEqual([])
      }),
  },
]
