import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import fc from "fast-check"
import { expect } from "vitest"
import { handedOver, withRegistrations } from "./arbitraries.ts"
import { interspersed, suffering } from "./faults.ts"
import { fold } from "./fold.ts"
import type { Law } from "./law.ts"
import type { LawfulLife } from "./lawful-bank.ts"
import { answers, bankStage, realLives, steadfastLives } from "./lawful-bank.ts"

/** Later than anything of a life can be, delays included. */
const finallyAt = 10_000

/**
 * Lives whose words were lost, repeated, delayed and reordered, with forgeries among them, and with registrations that hand
 * over anything at all, at any time.
 */
const mishaps = fc.tuple(realLives, handedOver).chain(([{ bank, said }, handed]) =>
  suffering(said)
    .chain(interspersed)
    .chain((heard) =>
      withRegistrations(
        heard.map(({ observation }) => observation),
        handed,
      ),
    )
    .map((trace) => ({ bank, trace })),
)

const untouched = steadfastLives.map(({ bank, said }: LawfulLife) => ({ bank, trace: said }))

export const p5: ReadonlyArray<Law> = [
  {
    property: "P5",
    title:
      "after loss, repetition, delay, reordering and forgery, one final poll and quote bring the bank's own stage",
    holdsFor: (observe) =>
      fc.property(mishaps, ({ bank, trace }) => {
        const { stage, facts } = fold(observe, [...trace, ...answers(bank, finallyAt)])
        expect(stage).toBe(bankStage(bank))
        expect(isAdditionOutstanding(facts)).toBe(bank.waiting)
      }),
  },
  {
    property: "P5",
    title:
      "a life at a bank that keeps to what it said, and to which nothing happened, never comes to a dispute, and its last poll says nothing new of the stage",
    holdsFor: (observe) =>
      fc.property(untouched, ({ bank, trace }) => {
        fold(observe, [...trace, ...answers(bank, finallyAt)], (_before, _observation, { loan }) => {
          expect(loan.stage).not.toBe("disputed")
        })
      }),
  },
]
