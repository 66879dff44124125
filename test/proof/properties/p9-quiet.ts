import type { Watermark } from "@loan-engine/app/schedule/watermark"
import {
  answeredTo,
  carried,
  levelsOf,
  noWatermark,
  questionAnswered,
  saysTheSame,
} from "@loan-engine/app/schedule/watermark"
import type { Loan, Observe } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { isQuiet } from "@loan-engine/domain/quiet"
import { openLoan } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { expect } from "vitest"
import { account, loanEvent, observed, reference, tracesWithRegistrations } from "./arbitraries.ts"
import { fold, meaning } from "./fold.ts"
import type { Law } from "./law.ts"

/** A loan of which quiet answers are not stored. The events of these answers wait for the next entry. */
interface Kept {
  readonly loan: Loan
  readonly levels: ReadonlyArray<LoanEvent>
}

const keeping =
  (observe: Observe) =>
  ({ loan, levels }: Kept, observation: Observation): Kept => {
    const decision = observe(loan, { ...observation, levels })
    const isAnswer = observation.evidence !== "merchant"
    if (isAnswer && isQuiet(loan, decision)) return { loan, levels: [...levels, ...observation.events] }
    return decision.hold === null ? { loan: decision.loan, levels: [] } : { loan: decision.loan, levels }
  }

/** Many answers of a bank that reports few different things, and callbacks with the same reports. */
const asked: fc.Arbitrary<ReadonlyArray<Observation>> = fc
  .array(fc.array(loanEvent, { maxLength: 2 }), { minLength: 1, maxLength: 3 })
  .chain((words) =>
    fc.array(
      fc
        .record({
          word: fc.constantFrom(...words),
          at: fc.integer({ min: 1, max: 8 }),
          source: fc.constantFrom("poll" as const, "quote" as const, "callback" as const),
        })
        .map(({ word, at, source }) => ({
          ...observed(word.map((event) => ({ ...event, at }))),
          source,
          evidence: source === "callback" ? ("credentials" as const) : ("bank" as const),
        })),
      { maxLength: 20 },
    ),
  )

/** A loan as the engine stores it: an answer without news changes only the watermark. */
interface Marked {
  readonly loan: Loan
  readonly watermark: Watermark
}

const marking =
  (observe: Observe) =>
  ({ loan, watermark }: Marked, observation: Observation): Marked => {
    const decision = observe(loan, { ...observation, ...levelsOf(watermark) })
    const question = questionAnswered(observation)
    if (question === undefined) return { loan: decision.loan, watermark: carried(watermark) }
    if (saysTheSame(watermark, question, observation) && isQuiet(loan, decision)) {
      return { loan, watermark: answeredTo(watermark, question, observation, observation.events) }
    }
    return { loan: decision.loan, watermark: answeredTo(carried(watermark), question, observation, []) }
  }

export const p9: ReadonlyArray<Law> = [
  {
    property: "P9",
    title: "the watermark covers everything that the bank has repeated, in any order of answers",
    holdsFor: (observe) =>
      fc.property(asked, (trace) => {
        const mark = marking(observe)
        let marked: Marked = { loan: openLoan(reference, account), watermark: noWatermark }
        fold(observe, trace, (_before, observation, { loan }) => {
          marked = mark(marked, observation)
          expect(marked.loan.stage).toBe(loan.stage)
        })
        const nothing: Observation = { ...observed([]), ...levelsOf(marked.watermark) }
        expect(meaning(observe(marked.loan, nothing).loan)).toBe(meaning(fold(observe, trace)))
      }),
  },
  {
    property: "P9",
    title: "if every answer without news is left out, no stage changes at any time, and no fact at the end",
    holdsFor: (observe) =>
      fc.property(tracesWithRegistrations, (trace) => {
        const keep = keeping(observe)
        let kept: Kept = { loan: openLoan(reference, trace[0]?.account ?? account), levels: [] }
        fold(observe, trace, (_before, observation, { loan }) => {
          kept = keep(kept, observation)
          expect(kept.loan.stage).toBe(loan.stage)
        })
        const nothing: Observation = { ...observed([]), levels: kept.levels }
        expect(meaning(observe(kept.loan, nothing).loan)).toBe(meaning(fold(observe, trace)))
      }),
  },
]
