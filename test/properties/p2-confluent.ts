import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanView } from "@loan-engine/domain/loan-view"
import fc from "fast-check"
import { expect } from "vitest"
import { batches, loanEvents, observed } from "./arbitraries.ts"
import { fold, meaning } from "./fold.ts"
import type { Law } from "./law.ts"
import { conclude } from "./reference.ts"

const rearranged = loanEvents.chain((events) =>
  fc
    .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray([...events]))
    .chain(([shuffled, again]) => fc.tuple(fc.constant(events), batches([...shuffled, ...again]))),
)

/** What a channel may deliver again much later. A fresh decision is not among it: it is the answer to our own question. */
const isDelivered = (event: LoanEvent): boolean =>
  event.type === "agreement.signed" ||
  event.type === "loan.paidOut" ||
  (event.type.startsWith("decision.") && !("fresh" in event))

const redelivered = fc
  .record({ events: loanEvents, later: fc.nat({ max: 50 }), pick: fc.nat() })
  .map(({ events, later, pick }) => {
    const candidates = events.filter(isDelivered)
    const event = candidates[pick % Math.max(candidates.length, 1)]
    return { events, again: event === undefined ? undefined : { ...event, at: event.at + later } }
  })

export const p2: ReadonlyArray<Law> = [
  {
    property: "P2",
    title: "the same events in another order, repeated and batched anyhow, give the same facts and stage",
    holdsFor: (observe) =>
      fc.property(rearranged, ([events, trace]) => {
        expect(meaning(fold(observe, trace))).toBe(meaning(fold(observe, [observed(events)])))
      }),
  },
  {
    property: "P2",
    title: "a re-delivered decision, signature or pay-out, received later, changes nothing at all",
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
    title: "after each observation the loan shows what a naive reading of everything said so far concludes",
    holdsFor: (observe) =>
      fc.property(
        loanEvents.chain((events) => batches(events)),
        (trace) => {
          const said: Array<LoanEvent> = []
          fold(observe, trace, (_before, { events }, { loan }) => {
            said.push(...events)
            const { stage, additionOutstanding, offer, requiredDocuments, signing } = loanView(loan)
            const shown = {
              stage,
              additionOutstanding,
              offer,
              documents: requiredDocuments,
              method: signing.method,
            }
            expect(shown).toEqual(conclude(said))
          })
        },
      ),
  },
]
