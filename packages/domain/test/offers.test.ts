import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Offer } from "@loan-engine/domain/offer"
import { currentOffer, offersHeard, requiredDocuments, signedOffer } from "@loan-engine/domain/standing"
import { describe, expect, it } from "vitest"

const offer = (amount: string): Offer => {
  const approvedAmount = parseDecimal(amount)
  return approvedAmount === undefined ? {} : { approvedAmount }
}
const [A, B, C] = [offer("1000"), offer("2000"), offer("3000")]
const heard = (at: number, what: Offer): LoanEvent => ({ type: "decision.approved", at, offer: what })
const quoted = (at: number, what: Offer): LoanEvent => ({
  ...heard(at, what),
  type: "decision.approved",
  fresh: true,
})
const signed = (at: number): LoanEvent => ({ type: "agreement.signed", at })
const paidOut = (at: number): LoanEvent => ({ type: "loan.paidOut", at })
const signedOn = (at: number, offered: Offer, since: number): LoanEvent => ({
  type: "agreement.signed",
  at,
  onOffer: { offer: offered, since },
})
const paidOn = (at: number, offered: Offer, since: number): LoanEvent => ({
  type: "loan.paidOut",
  at,
  onOffer: { offer: offered, since },
})

describe("the offers of a loan", () => {
  it.each<[string, ReadonlyArray<LoanEvent>, Offer | null, Offer | null]>([
    ["one, not signed", [heard(1, A)], A, null],
    ["the newest first heard stands", [heard(1, A), heard(2, B), heard(3, A)], B, null],
    ["A, B, A, which the bank confirms", [heard(1, A), heard(2, B), quoted(3, A)], A, null],
    ["signed on the newest", [heard(1, A), heard(2, B), signed(3)], B, B],
    ["A, B, A, confirmed, then signed", [heard(1, A), heard(2, B), quoted(3, A), signed(4)], A, A],
    ["the same, asked again since", [heard(1, A), heard(2, B), signed(4), quoted(5, A)], A, A],
    ["an offer after the signature", [heard(1, A), signed(2), heard(3, B)], B, A],
    ["the same, asked since", [heard(1, A), signed(2), quoted(3, B)], B, A],
    ["heard late, from before the signature", [signed(3), heard(1, A)], A, A],
    ["every callback lost: a poll and a quote", [signed(1), quoted(2, A)], A, A],
    ["no offer was ever named", [signed(1)], null, null],
    ["a pay-out implies the signature", [heard(1, A), paidOut(2), heard(3, B)], B, A],
  ])("%s: the current offer and the signed one", (_name, events, stands, was) => {
    for (const order of [events, events.toReversed()]) {
      const facts = joinEvents(noFacts, order)
      expect(currentOffer(facts)).toEqual(stands)
      expect(signedOffer(facts)).toEqual(was)
    }
  })

  it.each<[string, ReadonlyArray<LoanEvent>, Offer]>([
    ["later offers", [heard(1, A), signedOn(4, A, 1), quoted(5, A), quoted(6, C)], A],
    ["A, B, A, confirmed", [heard(1, A), heard(2, B), quoted(3, A), signedOn(4, A, 3), quoted(6, C)], A],
    [
      "a former one that the bank names after it",
      [heard(1, A), heard(2, B), signedOn(4, B, 2), quoted(5, A)],
      B,
    ],
    ["a late delivery of the signature", [heard(1, A), signedOn(4, A, 1), heard(5, B), signedOn(9, B, 5)], A],
    ["a pay-out that is heard of first", [heard(1, A), paidOn(4, A, 1), heard(5, B), signedOn(6, B, 5)], A],
    ["an offer from before it that comes late", [heard(1, A), signedOn(4, A, 1), heard(3, B)], B],
    [
      "two at one time, in any order of arrival",
      [heard(1, A), heard(2, B), signedOn(4, A, 1), signedOn(4, B, 2)],
      B,
    ],
  ])("are not changed by reports after the signature: %s", (_name, events, was) => {
    for (const order of [events, events.toReversed()])
      expect(signedOffer(joinEvents(noFacts, order))).toEqual(was)
  })

  it("are shown with their first reports, the newest last, ten at most; the merchant's offer until the bank names one", () => {
    const facts = joinEvents(noFacts, [heard(2, B), heard(1, A), heard(3, C), heard(9, A)])
    expect(offersHeard(facts)).toEqual([
      { at: 1, offer: A },
      { at: 2, offer: B },
      { at: 3, offer: C },
    ])
    const many = Array.from({ length: 12 }, (_, index) => heard(index, offer(String(index + 1))))
    expect(offersHeard(joinEvents(noFacts, many)).map(({ at }) => at)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ])
    const handed = joinEvents(noFacts, [heard(1, A)], "merchant")
    expect(offersHeard(handed)).toEqual([{ at: 1, offer: A }])
    expect(offersHeard(joinEvents(handed, [heard(2, B)]))).toEqual([{ at: 2, offer: B }])
  })
})

describe("the documents that the bank waits for", () => {
  const requested = (at: number, ...requiredDocuments: ReadonlyArray<string>): LoanEvent => ({
    type: "addition.requested",
    at,
    requiredDocuments,
    adds: true,
  })
  const cleared = (at: number): LoanEvent => ({ type: "addition.cleared", at })

  it.each<[string, ReadonlyArray<LoanEvent>, ReadonlyArray<string>]>([
    ["a request", [requested(1, "ID")], ["ID"]],
    ["requests add up", [requested(1, "ID"), requested(2, "PAYMENT_SLIP")], ["ID", "PAYMENT_SLIP"]],
    ["all is cleared", [requested(1, "ID"), requested(2, "PAYMENT_SLIP"), cleared(3)], []],
    ["only what was asked for since", [requested(1, "ID"), cleared(3), requested(4, "OTHER")], ["OTHER"]],
    ["asked for again", [requested(1, "ID"), cleared(3), requested(4, "ID")], ["ID"]],
    ["a clearing that is no later than the request", [requested(3, "ID"), cleared(3)], ["ID"]],
  ])("%s", (_name, events, documents) => {
    for (const order of [events, events.toReversed()])
      expect(requiredDocuments(joinEvents(noFacts, order))).toEqual(documents)
  })

  it("in an older journal are those of the last request", () => {
    const replacing = (at: number, ...requiredDocuments: ReadonlyArray<string>): LoanEvent => ({
      type: "addition.requested",
      at,
      requiredDocuments,
    })
    const facts = joinEvents(noFacts, [replacing(1, "ID"), replacing(2, "PAYMENT_SLIP")])
    expect(requiredDocuments(facts)).toEqual(["PAYMENT_SLIP"])
    expect(requiredDocuments(joinEvents(facts, [requested(3, "OTHER")]))).toEqual(["PAYMENT_SLIP", "OTHER"])
  })
})
