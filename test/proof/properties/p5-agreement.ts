import type { Stage } from "@loan-engine/domain/legal-transitions"
import { openLoan } from "@loan-engine/domain/loan"
import type { Loan, Observe } from "@loan-engine/domain/loan"
import { marked } from "@loan-engine/domain/marked"
import type { Observation } from "@loan-engine/domain/observation"
import type { Offer } from "@loan-engine/domain/offer"
import {
  currentOffer,
  isAdditionOutstanding,
  requiredDocuments,
  signedOffer,
} from "@loan-engine/domain/standing"
import fc from "fast-check"
import { expect } from "vitest"
import { account, handedOver, reference, withRegistrations } from "./arbitraries.ts"
import { interspersed, suffering } from "./faults.ts"
import { fold } from "./fold.ts"
import type { Law } from "./law.ts"
import type { Bank, LawfulLife } from "./lawful-bank.ts"
import { answers, bankStage, followedLives, realLives, steadfastLives } from "./lawful-bank.ts"

/** A time after the end of every life, with all delays. */
const finallyAt = 100_000

/**
 * Lives whose messages were lost, repeated, delayed and reordered. Forgeries are among them, and registrations with
 * any content at any time.
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

/** The bank's offer, if nothing denies the approval at this stage. */
const offerAt = (stage: Stage, { offer }: Bank): Offer | null =>
  ["approved", "waitingForAddition", "signed", "paidOut"].includes(stage) ? offer : null

/** Applies observations as the engine does: it marks each event with what the facts so far show. */
function foldMarked(observe: Observe, observations: ReadonlyArray<Observation>): Loan {
  let loan = openLoan(reference, account)
  for (const observation of observations) loan = observe(loan, marked(observation, loan.facts)).loan
  return loan
}

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
        expect(currentOffer(facts)).toEqual(offerAt(stage, bank))
      }),
  },
  {
    property: "P5",
    title:
      "while the bank waits for documents and has reported this, no answer of a lagging replica clears them",
    holdsFor: (observe) =>
      fc.property(realLives, ({ said, waited }) => {
        let spoken = 0
        fold(observe, said, (_before, _observation, { loan }) => {
          if (waited[spoken++] === true) expect(isAdditionOutstanding(loan.facts)).toBe(true)
        })
        expect(spoken).toBe(waited.length)
      }),
  },
  {
    property: "P5",
    title:
      "if every callback arrives and a poll follows each act of the bank, the documents and the signed offer equal the bank's too",
    holdsFor: (observe) =>
      fc.property(followedLives, ({ bank, said }) => {
        const { stage, facts } = foldMarked(observe, [...said, ...answers(bank, finallyAt)])
        expect(stage).toBe(bankStage(bank))
        expect(currentOffer(facts)).toEqual(offerAt(stage, bank))
        expect(requiredDocuments(facts).toSorted()).toEqual(bank.documents)
        expect(signedOffer(facts)).toEqual(bank.signedOn ?? null)
      }),
  },
  {
    property: "P5",
    title:
      "at a bank that never changes its mind, and without faults, a loan is never in dispute, and its last poll brings no new stage",
    holdsFor: (observe) =>
      fc.property(untouched, ({ bank, trace }) => {
        fold(observe, [...trace, ...answers(bank, finallyAt)], (_before, _observation, { loan }) => {
          expect(loan.stage).not.toBe("disputed")
        })
      }),
  },
]
