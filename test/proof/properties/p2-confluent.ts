import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import fc from "fast-check"
import { expect } from "vitest"
import { batches, handedOver, loanEvents, observed, registered, withRegistrations } from "./arbitraries.ts"
import { fold, meaning } from "./fold.ts"
import type { Law } from "./law.ts"
import { conclude, isOfDecision } from "./reference.ts"

const rearranged = fc.tuple(loanEvents, handedOver).chain(([events, handed]) =>
  fc
    .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray([...events]))
    .chain(([shuffled, again]) => batches([...shuffled, ...again]))
    .chain((trace) => withRegistrations(trace, handed))
    .map((trace) => ({ inOrder: [observed(events), ...handed.map((event) => registered([event]))], trace })),
)

/**
 * The events that a channel may repeat much later. Fresh events are not among them: they are answers to the engine's
 * own polls.
 */
const isDelivered = (event: LoanEvent): boolean =>
  event.type === "agreement.signed" ||
  ((event.type === "loan.paidOut" || event.type.startsWith("decision.")) && !("fresh" in event))

const redelivered = fc
  .record({ events: loanEvents, later: fc.nat({ max: 50 }), pick: fc.nat() })
  .map(({ events, later, pick }) => {
    const candidates = events.filter(isDelivered)
    const event = candidates[pick % Math.max(candidates.length, 1)]
    return { events, again: event === undefined ? undefined : { ...event, at: event.at + later } }
  })

/** The bank's events, and a merchant's later registration of the same loan. */
const handedOverLate = fc.record({ events: loanEvents, handed: handedOver })

export const p2: ReadonlyArray<Law> = [
  {
    property: "P2",
    title: "the same events in any other order, repetition and batches give the same facts and stage",
    holdsFor: (observe) =>
      fc.property(rearranged, ({ inOrder, trace }) => {
        expect(meaning(fold(observe, trace))).toBe(meaning(fold(observe, inOrder)))
      }),
  },
  {
    property: "P2",
    title: "a repeated decision, signature or pay-out that arrives later changes nothing",
    holdsFor: (observe) =>
      fc.property(redelivered, ({ events, again }) => {
        fc.pre(again !== undefined)
        const loan = fold(observe, [observed(events)])
        const decision = observe(loan, observed([again]))
        expect(decision.disposition).toBe("repeated")
        expect(meaning(decision.loan)).toBe(meaning(loan))
      }),
  },
  {
    property: "P2",
    title: "a registration after the bank's first report changes nothing, with any decision",
    holdsFor: (observe) =>
      fc.property(handedOverLate, ({ events, handed }) => {
        fc.pre(events.some(isOfDecision))
        const loan = fold(observe, [observed(events)])
        const decision = observe(loan, registered(handed))
        expect(decision.steps).toEqual([])
        expect(decision.loan.stage).toBe(loan.stage)
      }),
  },
  {
    property: "P2",
    title: "after each observation, the loan is in the state that a naive reading of all events so far gives",
    holdsFor: (observe) =>
      fc.property(
        fc
          .tuple(loanEvents, handedOver)
          .chain(([events, handed]) => batches(events).chain((trace) => withRegistrations(trace, handed))),
        (trace) => {
          const said: Array<LoanEvent> = []
          const handed: Array<LoanEvent> = []
          fold(observe, trace, (_before, { events, evidence }, { loan }) => {
            if (evidence === "merchant") handed.push(...events)
            else said.push(...events)
            const { stage, additionOutstanding, offer, requiredDocuments, signing, closed } = loanView(loan)
            const shown = {
              stage,
              additionOutstanding,
              offer,
              documents: requiredDocuments,
              method: signing.method,
              closed,
            }
            expect(shown).toEqual(conclude(said, handed))
          })
        },
      ),
  },
]
