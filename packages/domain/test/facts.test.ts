import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Offer } from "@loan-engine/domain/offer"
import {
  currentOffer,
  isInDoubt,
  isPayOutDenied,
  isSilent,
  requiredDocuments,
  signingMethod,
  situation,
  standing,
} from "@loan-engine/domain/standing"
import { describe, expect, it } from "vitest"

const facts = (...events: ReadonlyArray<LoanEvent>): Facts => joinEvents(noFacts, events)
const offered = (tenor: number, at: number, fresh?: true): LoanEvent => ({
  type: "decision.approved",
  at,
  offer: { tenor },
  ...(fresh === undefined ? {} : { fresh }),
})
const ruled = (at: number, decision: "approved" | "rejected", by = "Ada"): LoanEvent => ({
  type: "dispute.ruled",
  at,
  decision,
  by,
  reason: "asked the bank",
})

const inspected = (at: number): LoanEvent => ({ type: "decision.pending", at, fresh: true })
const rejection = (at: number, fresh?: true): LoanEvent => ({
  type: "decision.rejected",
  at,
  ...(fresh === undefined ? {} : { fresh }),
})
const paidOut = (at: number): LoanEvent => ({ type: "loan.paidOut", at })
const confirmed = (at: number): LoanEvent => ({ type: "loan.paidOut", at, fresh: true })

describe("joining", () => {
  it("returns the same object when an event brings nothing new", () => {
    const known = facts(
      offered(12, 5, true),
      { type: "agreement.signed", at: 5, method: "E_SIGN" },
      { type: "addition.requested", at: 5, requiredDocuments: ["ID"] },
      { type: "addition.cleared", at: 5 },
      { type: "decision.pending", at: 5 },
      { type: "decision.rejected", at: 5 },
      { type: "loan.paidOut", at: 5 },
    )
    const again: ReadonlyArray<LoanEvent> = [
      offered(12, 5, true),
      offered(12, 9),
      { type: "agreement.signed", at: 9, method: "E_SIGN" },
      { type: "agreement.signed", at: 9 },
      { type: "addition.requested", at: 5, requiredDocuments: ["ID"] },
      { type: "addition.requested", at: 4, requiredDocuments: ["PAYMENT_SLIP"] },
      { type: "addition.cleared", at: 5 },
      { type: "decision.pending", at: 9 },
      { type: "decision.rejected", at: 9 },
      { type: "loan.paidOut", at: 9 },
    ]
    for (const event of again) expect(joinEvents(known, [event])).toBe(known)
  })

  it("does not add a method for a signature without one", () => {
    expect(facts({ type: "agreement.signed", at: 1 })).toEqual({ ...noFacts, signedAt: 1 })
  })

  it("keeps contents in the order of their first report, then of their text", () => {
    const heard = facts(offered(24, 2), offered(12, 2), offered(36, 1), offered(24, 1))
    expect(heard.offers).toEqual([
      { at: 1, offer: { tenor: 24 } },
      { at: 1, offer: { tenor: 36 } },
      { at: 2, offer: { tenor: 12 } },
    ])
  })

  it("keeps contents of one instant in the order of their text, in any order of arrival", () => {
    const tenors = [12, 24, 36]
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    for (const order of orders) {
      const heard = facts(...order.map((index) => offered(tenors[index] ?? 0, 2)))
      expect(heard.offers.map(({ offer }) => offer.tenor)).toEqual(tenors)
    }
  })

  it("compares the time before the text", () => {
    expect(facts(ruled(10, "approved"), ruled(9, "rejected")).ruling?.at).toBe(10)
    expect(facts(ruled(9, "rejected"), ruled(10, "approved")).ruling?.at).toBe(10)
  })

  it("decides between rulings and documents of the same instant by their text, in any order of arrival", () => {
    const rulings = [ruled(3, "approved", "Ada"), ruled(3, "approved", "Lin")]
    expect(facts(...rulings).ruling?.by).toBe("Lin")
    expect(facts(...rulings.toReversed()).ruling?.by).toBe("Lin")
    expect(facts(ruled(3, "approved"), ruled(4, "rejected")).ruling?.decision).toBe("rejected")
    expect(facts(ruled(4, "rejected"), ruled(3, "approved")).ruling?.decision).toBe("rejected")
  })
})

describe("the state of the decision", () => {
  it.each<[string, ReadonlyArray<LoanEvent>, ReturnType<typeof standing>]>([
    ["nothing said", [], "undecided"],
    ["pending", [{ type: "decision.pending", at: 1 }], "pending"],
    ["approved", [offered(1, 1)], "approved"],
    ["signed only", [{ type: "agreement.signed", at: 1 }], "approved"],
    ["paid out only", [{ type: "loan.paidOut", at: 1 }], "approved"],
    ["rejected", [{ type: "decision.rejected", at: 1 }], "rejected"],
    ["both", [offered(1, 1), { type: "decision.rejected", at: 1 }], "contradicted"],
    ["inspected again after a verdict", [offered(1, 1), inspected(2)], "pending"],
    ["inspected again, and approved since", [rejection(1), inspected(2), offered(1, 3)], "approved"],
    ["inspected again, and rejected since", [offered(1, 1), inspected(2), rejection(3)], "rejected"],
    ["inspected again, and both since", [inspected(2), offered(1, 3), rejection(3)], "contradicted"],
    ["inspected again at the instant of a verdict", [offered(1, 2), inspected(2)], "pending"],
    ["inspected again, says a callback", [offered(1, 1), { type: "decision.pending", at: 9 }], "approved"],
    ["inspected again after a ruling", [ruled(2, "rejected"), inspected(3)], "pending"],
    ["inspected before a ruling", [inspected(2), ruled(3, "rejected")], "rejected"],
    [
      "ruled, with what was heard at the same instant",
      [ruled(2, "approved"), { type: "decision.rejected", at: 2 }],
      "approved",
    ],
    [
      "ruled, with what was heard later",
      [ruled(2, "approved"), { type: "decision.rejected", at: 3 }],
      "contradicted",
    ],
    [
      "ruled rejected, paid out later",
      [ruled(2, "rejected"), { type: "loan.paidOut", at: 3 }],
      "contradicted",
    ],
    ["ruled rejected, paid out before", [ruled(2, "rejected"), { type: "loan.paidOut", at: 1 }], "rejected"],
    [
      "ruled rejected, rejected later",
      [ruled(2, "rejected"), { type: "decision.rejected", at: 3 }],
      "rejected",
    ],
  ])("%s", (_what, events, expected) => {
    expect(standing(facts(...events))).toBe(expected)
  })

  it.each<[string, ReadonlyArray<LoanEvent>, ReturnType<typeof standing>]>([
    ["by its own rejection", [confirmed(1), rejection(2, true)], "contradicted"],
    ["by its own inspection", [confirmed(1), inspected(2)], "contradicted"],
    ["in one breath with it", [confirmed(1), rejection(1, true)], "contradicted"],
    ["but not by an inspection from before it", [inspected(1), confirmed(2)], "approved"],
    [
      "but not by what came before its approval",
      [confirmed(1), rejection(2, true), offered(1, 3, true)],
      "approved",
    ],
    ["but not if only a callback reported the pay-out", [paidOut(1), rejection(2, true)], "rejected"],
    ["but not where a person rules", [confirmed(1), rejection(2, true), ruled(3, "approved")], "approved"],
    ["but not where a person has ruled so", [confirmed(1), ruled(3, "rejected")], "rejected"],
    [
      "and again, where that ruling was not of the pay-out",
      [confirmed(1), ruled(3, "rejected"), rejection(4, true)],
      "contradicted",
    ],
    [
      "but not again, where a person has overruled the pay-out",
      [confirmed(1), { ...ruled(3, "rejected"), overrulesPayOut: true } as LoanEvent, rejection(4, true)],
      "rejected",
    ],
  ])("the bank denies what it has paid out %s", (_what, events, expected) => {
    expect(standing(facts(...events))).toBe(expected)
    expect(standing(facts(...events.toReversed()))).toBe(expected)
    expect(isPayOutDenied(facts(...events))).toBe(expected === "contradicted")
  })

  it("polls the bank again, and asks no person, if the rejection came before the pay-out", () => {
    const said = facts(rejection(1, true), confirmed(2))
    expect([standing(said), isPayOutDenied(said), isInDoubt(said)]).toEqual(["contradicted", false, true])
  })

  it("recognizes a loan without any trusted report", () => {
    expect(isSilent(noFacts)).toBe(true)
    const events: ReadonlyArray<LoanEvent> = [
      { type: "decision.pending", at: 0 },
      { type: "addition.requested", at: 0 },
      { type: "addition.cleared", at: 0 },
      { type: "loan.paidOut", at: 0 },
    ]
    for (const event of events) expect(isSilent(facts(event))).toBe(false)
  })

  it("distinguishes all situations that the machine's guards distinguish", () => {
    const situations = [
      facts(),
      facts({ type: "decision.pending", at: 1 }),
      facts(offered(1, 1)),
      facts(offered(1, 1), { type: "addition.requested", at: 1 }),
      facts({ type: "agreement.signed", at: 1 }),
      facts({ type: "loan.paidOut", at: 1 }),
      facts({ type: "decision.rejected", at: 1 }),
      facts({ type: "decision.rejected", at: 1 }, offered(1, 1)),
    ].map(situation)
    expect(new Set(situations).size).toBe(situations.length)
    expect(situation(facts({ type: "loan.paidOut", at: 1 }))).toBe("approved paidOut settled")
    expect(situation(facts(offered(1, 1), { type: "addition.requested", at: 1 }))).toBe(
      "approved unsigned outstanding",
    )
    expect(situation(facts({ type: "agreement.signed", at: 1 }))).toBe("approved signed settled")
  })
})

/** The facts after the merchant's registration and the later events of the bank. */
const handedOver = (events: ReadonlyArray<LoanEvent>, ...bank: ReadonlyArray<LoanEvent>): Facts =>
  joinEvents(joinEvents(noFacts, events, "merchant"), bank)

describe("a merchant's registration", () => {
  const pending: LoanEvent = { type: "decision.pending", at: 5 }
  const rejected: LoanEvent = { type: "decision.rejected", at: 5 }

  it.each<[string, Facts, ReturnType<typeof standing>]>([
    ["counts while the bank is silent", handedOver([offered(1, 5)]), "approved"],
    ["counts as pending too", handedOver([pending]), "pending"],
    ["counts as rejected too", handedOver([rejected]), "rejected"],
    ["counts beside a request for documents", handedOver([rejected], asked(1)), "rejected"],
    [
      "yields to a later rejection of the bank's",
      handedOver([offered(1, 5)], { ...rejected, at: 9 }),
      "rejected",
    ],
    ["yields to an earlier one", handedOver([offered(1, 5)], { ...rejected, at: 1 }), "rejected"],
    ["yields to the bank's silence on the verdict", handedOver([rejected], { ...pending, at: 1 }), "pending"],
    ["yields to a signature", handedOver([rejected], { type: "agreement.signed", at: 1 }), "approved"],
    ["yields to a pay-out", handedOver([rejected], { type: "loan.paidOut", at: 1 }), "approved"],
    ["yields to a ruling", handedOver([rejected], ruled(1, "approved")), "approved"],
    [
      "contradicts itself only while the bank is silent",
      handedOver([rejected, offered(1, 5)]),
      "contradicted",
    ],
  ])("%s", (_what, known, expected) => {
    expect(standing(known)).toBe(expected)
  })

  it("is stored separately with the time of its first report, and is absent while it is empty", () => {
    expect(handedOver([])).toBe(noFacts)
    const known = handedOver([offered(12, 5)])
    expect(known).toEqual({
      ...noFacts,
      merchant: {
        pendingAt: null,
        approvedAt: 5,
        rejectedAt: null,
        offers: [{ at: 5, offer: { tenor: 12 } }],
      },
    })
    expect(joinEvents(known, [offered(12, 9)], "merchant")).toBe(known)
  })

  it("never counts as a ruling, and changes only the decision", () => {
    const said = handedOver([
      { ...offered(12, 5), fresh: true } as LoanEvent,
      { type: "loan.paidOut", at: 5 },
      ruled(6, "rejected"),
    ])
    expect(said).toEqual(handedOver([offered(12, 5)]))
  })

  it.each<[string, Facts, Offer | null]>([
    ["while the bank has named none", handedOver([offered(1, 5)]), { tenor: 1 }],
    ["after a signature", handedOver([offered(1, 5)], { type: "agreement.signed", at: 9 }), { tenor: 1 }],
    ["until the bank names another", handedOver([offered(1, 5)], offered(2, 1)), { tenor: 2 }],
    [
      "until the bank, asked, names none",
      handedOver([offered(1, 5)], { type: "decision.approved", at: 1, fresh: true }),
      null,
    ],
    ["not once the bank has rejected", handedOver([offered(1, 5)], rejected), null],
  ])("gives the offer %s", (_when, known, expected) => {
    expect(currentOffer(known)).toEqual(expected)
  })
})

const asked = (at: number): LoanEvent => ({ type: "addition.requested", at })

describe("the state beside the stage", () => {
  it.each<[string, ReadonlyArray<LoanEvent>, Offer | null]>([
    ["none was heard", [{ type: "decision.approved", at: 1 }], null],
    ["one was heard", [offered(1, 1)], { tenor: 1 }],
    ["the bank was asked, and nothing else heard", [offered(1, 4, true)], { tenor: 1 }],
    [
      "the bank was asked after another was heard",
      [offered(2, 3), offered(1, 2), offered(1, 4, true)],
      { tenor: 1 },
    ],
    [
      "another was first heard when the bank was asked",
      [offered(1, 1), offered(1, 4, true), offered(9, 4)],
      { tenor: 1 },
    ],
    ["another was first heard after the bank was asked", [offered(1, 4, true), offered(2, 5)], { tenor: 2 }],
    ["a person ruled, who names no offer", [offered(1, 1), ruled(3, "approved")], { tenor: 1 }],
    ["a person ruled, and no offer was heard", [ruled(3, "approved")], null],
    ["it was ruled against", [offered(1, 1), ruled(3, "rejected")], null],
  ])("the offer, when %s", (_what, events, expected) => {
    expect(currentOffer(facts(...events))).toEqual(expected)
  })

  it("the documents of the open request, and none that were asked for before the last clearing", () => {
    const asked = (at: number, ...types: ReadonlyArray<string>): LoanEvent => ({
      type: "addition.requested",
      at,
      ...(types.length === 0 ? {} : { requiredDocuments: types }),
    })
    const cleared: LoanEvent = { type: "addition.cleared", at: 2 }
    expect(requiredDocuments(facts(asked(1, "ID")))).toEqual(["ID"])
    expect(requiredDocuments(facts(asked(1, "ID"), asked(3)))).toEqual(["ID"])
    expect(requiredDocuments(facts(asked(1, "ID"), cleared))).toEqual([])
    expect(requiredDocuments(facts(asked(2, "ID"), cleared))).toEqual(["ID"])
    expect(requiredDocuments(facts(asked(3, "ID"), cleared))).toEqual(["ID"])
    expect(requiredDocuments(facts(asked(1, "ID"), cleared, asked(3)))).toEqual([])
    expect(requiredDocuments(facts(asked(3)))).toEqual([])
  })

  it("the signing method whose first report is the latest", () => {
    expect(signingMethod(noFacts)).toBeNull()
    const signed = (method: string, at: number): LoanEvent => ({ type: "agreement.signed", at, method })
    expect(signingMethod(facts(signed("ANALOG", 2), signed("E_SIGN", 1), signed("E_SIGN", 9)))).toBe("ANALOG")
  })
})
