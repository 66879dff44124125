import { canonicalJson } from "@loan-engine/domain/canonical-json"
import fc from "fast-check"
import { expect } from "vitest"
import { batches, loanEvents, observations } from "./arbitraries.ts"
import { interspersed } from "./faults.ts"
import { fold, judged } from "./fold.ts"
import { judgeEvidence } from "./judges.ts"
import type { Law } from "./law.ts"

const withForgeries = loanEvents.chain((events) => batches(events)).chain(interspersed)

export const p7: ReadonlyArray<Law> = [
  {
    property: "P7",
    title: "an observation that is not trusted is held and changes only the count",
    holdsFor: (observe) =>
      fc.property(observations, (trace) => {
        expect(judged(observe, trace, judgeEvidence)).toEqual([])
      }),
  },
  {
    property: "P7",
    title: "forgeries among genuine observations do not change the facts or the stage",
    holdsFor: (observe) =>
      fc.property(withForgeries, (trace) => {
        const all = fold(
          observe,
          trace.map(({ observation }) => observation),
        )
        const genuine = fold(
          observe,
          trace.flatMap(({ observation, forged }) => (forged ? [] : [observation])),
        )
        expect(canonicalJson([all.stage, all.facts])).toBe(canonicalJson([genuine.stage, genuine.facts]))
      }),
  },
]
