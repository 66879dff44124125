import fc from "fast-check"
import { expect } from "vitest"
import { batches, loanEvents, observations } from "./arbitraries.ts"
import { judged } from "./fold.ts"
import { judgeMonotone } from "./judges.ts"
import type { Law } from "./law.ts"

export const p4: ReadonlyArray<Law> = [
  {
    property: "P4",
    title: "a reported fact stays, and the only way back is through the dispute",
    holdsFor: (observe) =>
      fc.property(
        loanEvents.chain((events) => batches(events)),
        (trace) => {
          expect(judged(observe, trace, judgeMonotone)).toEqual([])
        },
      ),
  },
  {
    property: "P4",
    title: "this is also true with forgeries and callbacks of other accounts in between",
    holdsFor: (observe) =>
      fc.property(observations, (trace) => {
        expect(judged(observe, trace, judgeMonotone)).toEqual([])
      }),
  },
]
