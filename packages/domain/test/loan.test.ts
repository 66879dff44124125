import { DecimalText } from "@loan-engine/domain/decimal-text"
import { documentsKeptMax, joinEvents, noFacts, offersKeptMax } from "@loan-engine/domain/facts"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Decision } from "@loan-engine/domain/loan"
import { observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import type { Loan } from "@loan-engine/domain/loan"
import { loanView } from "@loan-engine/domain/loan-view"
import type { Observation } from "@loan-engine/domain/observation"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { marked } from "@loan-engine/domain/marked"
import { describe, expect, it } from "vitest"

const applicationReference = ApplicationReference.make("ABC-123")
const account = AccountName.make("se")

/** Applies the observations in order. The result is the decision on the last one. */
function given(...observations: ReadonlyArray<ReadonlyArray<LoanEvent>>): Decision {
  let decision: Decision | undefined
  for (const events of observations) {
    decision = observe(decision?.loan ?? openLoan(applicationReference, account), {
      ...heardFrom("callback"),
      events,
    })
  }
  if (decision === undefined) throw new Error("nothing observed")
  return decision
}

const heardFrom = (source: Observation["source"]): Observation => ({
  applicationReference,
  account,
  source,
  evidence: source === "callback" ? "jws" : "bank",
  receivedAt: 50,
  events: [],
})

const path = (decision: Decision): string =>
  decision.steps.map(({ to, inferred }) => (inferred ? `(${to})` : to)).join(" ")

const pending: LoanEvent = { type: "decision.pending", at: 1 }
const approved: LoanEvent = { type: "decision.approved", at: 2 }
const rejected: LoanEvent = { type: "decision.rejected", at: 3 }
const signed: LoanEvent = { type: "agreement.signed", at: 4 }
const paidOut: LoanEvent = { type: "loan.paidOut", at: 5 }
const requested = (at: number): LoanEvent => ({
  type: "addition.requested",
  at,
  requiredDocuments: ["ID"],
})
const cleared = (at: number): LoanEvent => ({ type: "addition.cleared", at })

describe("the walk", () => {
  it("passes through what a pay-out implies, and marks it inferred", () => {
    const decision = given([pending], [paidOut])
    expect(path(decision)).toBe("(approved) (signed) paidOut")
    expect(decision.disposition).toBe("advanced")
  })

  it("does not infer a reported stage", () => {
    expect(path(given([signed, approved, paidOut]))).toBe("approved signed paidOut")
  })

  it("passes through the addition between approval and signature, both ways", () => {
    expect(path(given([approved], [requested(3)]))).toBe("waitingForAddition")
    expect(path(given([approved], [requested(3)], [cleared(4)]))).toBe("approved")
    expect(path(given([approved], [requested(3)], [signed]))).toBe("signed")
  })

  it("puts the loan in dispute on a contradiction from either side", () => {
    expect(path(given([approved], [rejected]))).toBe("disputed")
    expect(path(given([rejected], [paidOut]))).toBe("disputed")
    expect(given([rejected], [approved]).disposition).toBe("disputed")
  })

  it("never reverses silently: an overruled approval passes through the dispute", () => {
    const decision = given([approved], [signed], [{ type: "decision.rejected", at: 9, fresh: true }])
    expect(path(decision)).toBe("disputed rejected")
  })

  it("returns a loan that the bank inspects again through the dispute, and continues when the bank decides", () => {
    const inspected: LoanEvent = { type: "decision.pending", at: 6, fresh: true }
    expect(path(given([approved], [signed], [inspected]))).toBe("disputed manualInspection")
    expect(path(given([rejected], [inspected]))).toBe("disputed manualInspection")
    expect(path(given([approved], [rejected], [inspected]))).toBe("manualInspection")
    expect(path(given([approved], [signed], [inspected], [{ ...rejected, at: 7 }]))).toBe("rejected")
    expect(path(given([rejected], [inspected], [{ ...approved, at: 7 }]))).toBe("approved")
    expect(given([approved], [inspected]).disposition).toBe("advanced")
  })

  it("leaves a dispute by a ruling, and disputes again on a contradiction that is first reported later", () => {
    const ruled: LoanEvent = {
      type: "dispute.ruled",
      at: 6,
      decision: "rejected",
      by: "Ada",
      reason: "the bank confirmed by telephone",
    }
    expect(path(given([approved], [rejected], [ruled]))).toBe("rejected")
    expect(path(given([approved], [rejected], [ruled], [{ type: "agreement.signed", at: 7 }]))).toBe(
      "disputed",
    )
    expect(path(given([approved], [rejected], [ruled], [{ ...approved, at: 9 }]))).toBe("")
  })
})

describe("a step is inferred", () => {
  it("unless the approval was reported or ruled", () => {
    const ruling: LoanEvent = {
      type: "dispute.ruled",
      at: 6,
      decision: "approved",
      by: "Ada",
      reason: "asked",
    }
    expect(path(given([rejected], [signed], [ruling]))).toBe("approved signed")
    expect(path(given([signed]))).toBe("(approved) signed")
  })

  it("with any other ruling", () => {
    const against: LoanEvent = { type: "decision.rejected", at: 3, fresh: true }
    expect(path(given([against], [{ ...signed, at: 2 }]))).toBe("")
    const decision = given(
      [against],
      [{ ...signed, at: 9 }],
      [{ type: "decision.rejected", at: 12, fresh: true }],
    )
    expect(path(decision)).toBe("rejected")
  })
})

describe("news", () => {
  it.each<[string, ReadonlyArray<LoanEvent>, LoanEvent, ReadonlyArray<string>]>([
    ["a first decision", [pending], approved, ["decision"]],
    ["a first rejection", [pending], rejected, ["decision"]],
    ["no decision yet", [], pending, []],
    ["the opposite decision, which contradicts the one that was news", [rejected], approved, []],
    ["another approval", [approved], { ...approved, at: 9 }, []],
    ["a request", [approved], requested(3), ["addition"]],
    ["a request while one is open", [requested(3)], requested(4), []],
    ["a request after a clearing", [requested(3), cleared(4)], requested(5), ["addition"]],
    ["a clearing", [requested(3)], cleared(4), []],
    ["a signature", [approved], signed, ["signature"]],
    ["a second signature", [signed], { ...signed, at: 9 }, []],
    ["a pay-out, of which the signature is no news", [approved], paidOut, ["payOut"]],
    ["a second pay-out", [paidOut], { ...paidOut, at: 9 }, []],
  ])("is %s", (_what, before, event, news) => {
    expect(given(before, [event]).news).toEqual(news)
  })

  it("contains everything new in one observation", () => {
    expect(given([approved, requested(3), signed, paidOut]).news).toEqual([
      "decision",
      "addition",
      "signature",
      "payOut",
    ])
  })
})

describe("an addition", () => {
  it("is not cleared by a poll that began before the request came", () => {
    expect(given([approved], [requested(7)], [cleared(6)]).loan.stage).toBe("waitingForAddition")
  })

  it("stays requested on a tie", () => {
    expect(given([approved], [cleared(7)], [requested(7)]).loan.stage).toBe("waitingForAddition")
  })

  it("implies nothing about the decision, and shows as a flag at any stage", () => {
    const { loan } = given([requested(3)])
    expect(loan.stage).toBe("submitted")
    expect(loanView(loan)).toMatchObject({
      additionOutstanding: true,
      requiredDocuments: ["ID"],
      next: { actor: "customer", action: "send-documents" },
    })
  })

  it("that only a poll reports does not show the documents of an earlier request", () => {
    const { loan } = given([approved], [requested(3)], [cleared(4)], [{ type: "addition.requested", at: 5 }])
    expect(loanView(loan)).toMatchObject({ additionOutstanding: true, requiredDocuments: [] })
  })
})

describe("a snapshot", () => {
  it("is the loan's own text, the same for the same loan", () => {
    const { loan } = given([paidOut])
    expect(JSON.parse(snapshotText(loan))).toEqual(JSON.parse(JSON.stringify(loan)))
    expect(snapshotText({ ...loan, facts: { ...loan.facts } })).toBe(snapshotText(loan))
  })
})

describe("an offer", () => {
  const offered = (approvedAmount: string, at: number, fresh = false): LoanEvent =>
    ({ ...approved, at, offer: { approvedAmount }, ...(fresh ? { fresh } : {}) }) as LoanEvent

  it("counts from its first report, so that a late repetition cannot bring an old offer back", () => {
    const { loan } = given([offered("1000", 1)], [offered("2000", 2)], [offered("1000", 9)])
    expect(loanView(loan).offer).toEqual({ approvedAmount: "2000" })
  })

  it("comes back when the bank's answer to a poll says so", () => {
    const { loan } = given([offered("1000", 1)], [offered("2000", 2)], [offered("1000", 9, true)])
    expect(loanView(loan).offer).toEqual({ approvedAmount: "1000" })
  })

  it("is not current in a dispute or after a rejection", () => {
    expect(loanView(given([offered("1000", 1)], [rejected]).loan).offer).toBeNull()
  })
})

describe("a registration", () => {
  const hear = (loan: Decision["loan"] | undefined, heard: Partial<Observation>): Decision =>
    observe(loan ?? openLoan(applicationReference, account), { ...heardFrom("callback"), ...heard })
  const registration = (...events: ReadonlyArray<LoanEvent>): Partial<Observation> => ({
    source: "submission",
    evidence: "merchant",
    events,
  })
  const quote = (...events: ReadonlyArray<LoanEvent>): Partial<Observation> => ({
    source: "quote",
    evidence: "bank",
    events,
  })

  it("counts until the bank reports a decision, and is reversed only through the dispute", () => {
    const known = hear(undefined, registration(approved))
    expect(known.loan).toMatchObject({ stage: "approved", registered: true })
    expect(path(hear(known.loan, { events: [{ ...rejected, at: 1 }] }))).toBe("disputed rejected")
    expect(path(hear(known.loan, { events: [pending] }))).toBe("disputed manualInspection")
    expect(path(hear(known.loan, { events: [signed] }))).toBe("signed")
  })

  it("that comes after the bank's decision changes nothing", () => {
    const known = hear(undefined, { events: [approved] })
    const late = hear(known.loan, registration({ ...rejected, at: 1 }))
    expect(late).toMatchObject({ disposition: "noted", steps: [], news: [], loan: { registered: true } })
  })

  it("may contain only decisions: anything else is held", () => {
    const held = hear(undefined, registration(approved, signed))
    expect(held).toMatchObject({ disposition: "held", hold: "evidence-too-weak" })
    expect(held.loan.facts).toBe(noFacts)
  })

  it("makes a later report of its own decision no news, but a report of an open decision is news", () => {
    const fresh = { ...approved, fresh: true } as const
    expect(hear(undefined, registration(approved)).news).toEqual(["decision"])
    expect(hear(hear(undefined, registration(approved)).loan, quote(fresh)).news).toEqual([])
    expect(hear(hear(undefined, registration(pending)).loan, quote(fresh)).news).toEqual(["decision"])
    expect(hear(undefined, quote(fresh)).news).toEqual(["decision"])
  })

  it("makes its approval explicit and not inferred", () => {
    const walked = hear(hear(undefined, { events: [rejected] }).loan, registration(approved))
    expect(path(walked)).toBe("")
    const known = hear(undefined, registration(rejected, { ...approved, at: 9 }))
    expect(known.disposition).toBe("disputed")
    expect(path(hear(known.loan, { events: [signed] }))).toBe("approved signed")
    const other = hear(undefined, registration(rejected))
    expect(path(hear(other.loan, { events: [signed] }))).toBe("disputed (approved) signed")
  })
})

describe("what is not trusted", () => {
  it("is held and changes no fact", () => {
    const loan = openLoan(applicationReference, account)
    const decision = observe(loan, { ...heardFrom("callback"), evidence: "none", events: [approved] })
    expect(decision).toMatchObject({ disposition: "held", hold: "no-evidence", steps: [], news: [] })
    expect(decision.loan.facts).toBe(loan.facts)
  })

  it("opens no loan for an account: the first trusted report does", () => {
    const other = AccountName.make("no")
    const forged = observe(openLoan(applicationReference, other), {
      ...heardFrom("callback"),
      account: other,
      evidence: "none",
      events: [rejected],
    })
    const genuine = observe(forged.loan, { ...heardFrom("callback"), events: [pending] })
    expect(genuine).toMatchObject({ hold: null, loan: { account: "se", stage: "manualInspection" } })
    expect(observe(genuine.loan, { ...heardFrom("callback"), account: other, events: [] }).hold).toBe(
      "account-mismatch",
    )
  })

  it("includes reports from another account, until the submission decides the account", () => {
    const other = AccountName.make("no")
    const foreign = observe(given([pending]).loan, {
      ...heardFrom("callback"),
      account: other,
      events: [rejected],
    })
    expect(foreign.hold).toBe("account-mismatch")
    const claimed = observe(foreign.loan, {
      ...heardFrom("submission"),
      account: other,
      events: [pending],
    })
    expect(claimed.loan).toMatchObject({ account: "no", registered: true })
  })
})

describe("a loan that gets different offers without end", () => {
  const offered = (amount: number, at = amount): LoanEvent => ({
    type: "decision.approved",
    at,
    offer: { approvedAmount: DecimalText.make(String(amount)) },
  })
  const full = given(...Array.from({ length: offersKeptMax }, (_, index) => [offered(index + 1)])).loan
  const heard = (observation: Observation) => observe(full, observation)

  it("keeps a limited number of offers and holds reports of others, so that its cost does not grow", () => {
    expect(full.facts.offers).toHaveLength(offersKeptMax)
    const more = heard({ ...heardFrom("callback"), events: [offered(5_000)] })
    expect(more).toMatchObject({ disposition: "held", hold: "offers-exceeded" })
    expect(more.loan.facts).toBe(full.facts)
  })

  it("still accepts known offers and reports without an offer", () => {
    expect(heard({ ...heardFrom("callback"), events: [offered(7, 9_000)] }).disposition).toBe("repeated")
    expect(heard({ ...heardFrom("callback"), events: [signed] })).toMatchObject({ hold: null })
  })

  it("has the offer of the bank's answer, for any number of offers before", () => {
    const asked = heard({
      ...heardFrom("quote"),
      events: [{ ...offered(5_000, 9_000), fresh: true } as LoanEvent],
    })
    expect(asked.hold).toBeNull()
    expect(asked.loan.facts.offers).toHaveLength(offersKeptMax)
    expect(loanView(asked.loan).offer).toEqual({ approvedAmount: "5000" })
  })
})

describe("a loan for which the bank asks for different documents without end", () => {
  const asked = (document: number): LoanEvent => ({
    type: "addition.requested",
    at: document,
    requiredDocuments: [`D${document}`],
  })
  const ask = (loan: Loan, document: number) => {
    const said = marked({ ...heardFrom("callback"), events: [asked(document)] }, loan.facts)
    return { said, loan: observe(loan, said).loan }
  }

  it("keeps the latest, and its entry says that some are left out", () => {
    let loan = openLoan(applicationReference, account)
    for (let document = 1; document <= documentsKeptMax; document++) {
      const { said, loan: after } = ask(loan, document)
      expect(said.leftOut).toBeUndefined()
      loan = after
    }
    const more = ask(loan, documentsKeptMax + 1)
    expect(more.said.leftOut).toEqual(["requiredDocuments"])
    const { requiredDocuments } = loanView(more.loan)
    expect(requiredDocuments).toHaveLength(documentsKeptMax)
    expect(requiredDocuments).toContain(`D${documentsKeptMax + 1}`)
    expect(requiredDocuments).not.toContain("D1")
  })
})

describe("a loan that is signed by different methods without end", () => {
  it("keeps the same methods in any order of arrival", () => {
    const events = Array.from({ length: offersKeptMax + 20 }, (_, index): LoanEvent => ({
      type: "agreement.signed",
      at: index + 1,
      method: `M${index}`,
    }))
    const { methods } = joinEvents(noFacts, events)
    expect(methods).toHaveLength(offersKeptMax)
    expect(joinEvents(noFacts, events.toReversed()).methods).toEqual(methods)
  })
})
