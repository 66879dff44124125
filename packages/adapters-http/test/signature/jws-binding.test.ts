import { Result } from "effect"
import { describe, expect, test } from "vitest"
import { parseJsonText } from "../../src/message/json.ts"
import type { JsonObject } from "../../src/message/json.ts"
import { bindClaims } from "../../src/signature/jws-binding.ts"

const json = (text: string): JsonObject => Result.getOrThrow(parseJsonText(text)) as JsonObject
const object = (value: object): JsonObject => json(JSON.stringify(value))

const decided = `{"applicationReference":"1000","applicationEventType":"CREDIT_DECISION_UPDATED",
  "creditDecision":{"creditDecision":"APPROVED","approvedAmount":10000,"interest":12.30,"tenor":12,
  "documentTypes":["ID","PAYMENT_SLIP"],"newRate":1.0}}`
const body = json(decided)
const signed = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }

describe("the claim that contains the event", () => {
  test.each([
    ["a claim named like the body's", { iss: "bank", externalApplicationEvent: signed }],
    ["its JSON text", { externalApplicationEvent: JSON.stringify(signed) }],
    ["a claim of any name", { iss: "bank", payload: signed }],
    ["the JSON text of the event in a claim of any name", { data: ` ${JSON.stringify(signed)}` }],
    ["the whole body in a claim", { body: { externalApplicationEvent: signed } }],
    ["the whole body's text in a claim", { body: JSON.stringify({ externalApplicationEvent: signed }) }],
    ["the claims themselves", { iss: "bank", iat: 1, ...signed }],
    ["a claim called an event", { iss: "bank", "https://bank.example/event": signed }],
    ["a claim of event data", { iss: "bank", eventData: signed }],
    [
      "a claim with its reference and type next to it",
      { data: { ...signed, externalApplicationEvent: { customerName: "x" } } },
    ],
  ])("%s", (_title, claims) => {
    const other = { ...signed, applicationReference: "ABC-124" }
    expect(bindClaims(object(claims), object(signed))).toBe("bound")
    expect(bindClaims(object(claims), object(other))).toBe("contradicted")
  })

  test("blanks around the reference are no contradiction; blanks inside it are", () => {
    const blank = { ...signed, applicationReference: " ABC-123\n" }
    const other = { ...signed, applicationReference: "ABC -123" }
    expect(bindClaims(object(blank), object(signed))).toBe("bound")
    expect(bindClaims(object(signed), object(blank))).toBe("bound")
    expect(bindClaims(object(signed), object(other))).toBe("contradicted")
  })

  test("a configured claim is the only one that counts", () => {
    const claims = object({
      event: signed,
      externalApplicationEvent: { ...signed, applicationReference: "X" },
    })
    expect(bindClaims(claims, object(signed), "event")).toBe("bound")
    expect(bindClaims(claims, object(signed))).toBe("contradicted")
    expect(bindClaims(claims, object(signed), "absent")).toBe("unbound")
    const deeper = object({
      event: { ...signed, externalApplicationEvent: { data: { ...signed, applicationReference: "X" } } },
    })
    expect(bindClaims(deeper, object({ ...signed, applicationReference: "X" }), "event")).toBe("contradicted")
  })

  test("claims without the event bind nothing", () => {
    expect(bindClaims(object({ iss: "bank", iat: 1, sub: "callback" }), object(signed))).toBe("unbound")
    expect(bindClaims(object({}), object(signed))).toBe("unbound")
  })

  test("a claim inherited from Object.prototype does not count", () => {
    expect(bindClaims(object({}), object({ toString: "x" }), "constructor")).toBe("unbound")
  })
})

describe("whether claims and body agree", () => {
  test.each([
    ["in another order and spelling of numbers", decided.replace("10000", "1e4").replace("12.30", "12.3")],
    ["with numbers as text", decided.replace("10000", '"10000.00"').replace(": 12,", ': "12",')],
    ["with an unknown rate as text", decided.replace('"newRate":1.0', '"newRate":"1"')],
    ["with documents in another order", decided.replace('"ID","PAYMENT_SLIP"', '"PAYMENT_SLIP","ID"')],
    ["with more than the body says", decided.replace('"newRate"', '"eventId":"e-1","newRate"')],
    ["with a null that the body leaves out", decided.replace('"newRate"', '"adminFee":null,"newRate"')],
  ])("the same event %s is bound", (_title, claims) => {
    expect(bindClaims(json(claims), body)).toBe("bound")
  })

  test("a number too long for an amount is compared as it is written", () => {
    const numbered = (number: string) => json(decided.replace('"newRate"', `"eventId":${number},"newRate"`))
    const long = numbered("9".repeat(40))
    expect(bindClaims(numbered("9".repeat(40)), long)).toBe("bound")
    expect(bindClaims(numbered(`${"9".repeat(39)}8`), long)).toBe("contradicted")
  })

  test("amounts that are text on both sides are compared as decimals", () => {
    const asText = json(decided.replace("10000", '"10000.0"'))
    expect(bindClaims(json(decided.replace("10000", '"10000"')), asText)).toBe("bound")
  })

  test.each([
    ["another reference", decided.replace('"1000"', '"1001"')],
    ["a reference that is the same only as a number", decided.replace('"1000"', '"1e3"')],
    ["a reference that is another number", decided.replace('"1000"', "1001")],
    ["a reference that is no whole number", decided.replace('"1000"', "1e3")],
    ["another type", decided.replace("CREDIT_DECISION_UPDATED", "SIGNED")],
    ["another decision", decided.replace("APPROVED", "REJECTED")],
    ["another amount", decided.replace("10000", "10000.01")],
    ["another last digit of a large amount", decided.replace("10000", "10000.000000000000000001")],
    ["an amount that is none", decided.replace("10000", "true")],
    ["another document", decided.replace('"PAYMENT_SLIP"', '"PASSPORT"')],
    ["one document more", decided.replace('"PAYMENT_SLIP"', '"PAYMENT_SLIP","TAX_FORM"')],
    ["one document less", decided.replace(',"PAYMENT_SLIP"', "")],
    ["documents that are no list", decided.replace('["ID","PAYMENT_SLIP"]', '"ID"')],
    ["a decision in a word that differs", JSON.stringify({ creditDecision: "REJECTED" })],
    ["one difference although much is missing", JSON.stringify({ applicationReference: "1001" })],
  ])("%s is a contradiction", (_title, claims) => {
    expect(bindClaims(json(claims), body)).toBe("contradicted")
  })

  test.each([
    ["the reference alone", JSON.stringify({ applicationReference: "1000" })],
    ["all but an amount", decided.replace('"approvedAmount":10000,', "")],
    ["all but a member we do not know", decided.replace(',"newRate":1.0', "")],
    ["a decision in a word", decided.replace(/\{"creditDecision":"APPROVED".*\}\}/su, '"APPROVED"}')],
  ])("claims that agree but contain only %s do not cover the rest", (_title, claims) => {
    expect(bindClaims(json(claims), body)).toBe("unbound")
  })

  test("a body without a signed amount is not bound", () => {
    expect(bindClaims(json(decided), json(decided.replace('"approvedAmount":10000,', "")))).toBe("unbound")
  })

  test.each([
    [
      "in lower case",
      decided.replace("APPROVED", "approved").replace("CREDIT_DECISION_UPDATED", "credit_decision_updated"),
    ],
    ["with a decimal comma and groups", decided.replace("10000", '"10 000,0"').replace("12.30", '"12,3"')],
  ])("a body %s has the same meaning as the signed event", (_title, written) => {
    expect(bindClaims(body, json(written))).toBe("bound")
    expect(bindClaims(json(written), body)).toBe("bound")
    expect(bindClaims(json(decided.replace("10000", "10001")), json(written))).toBe("contradicted")
  })

  test("a document as text means the signed list of one document", () => {
    const request = { ...signed, requiredDocuments: ["ID"] }
    expect(bindClaims(object(request), object({ ...signed, requiredDocuments: "ID" }))).toBe("bound")
    expect(bindClaims(object(request), object({ ...signed, requiredDocuments: "PASSPORT" }))).toBe(
      "contradicted",
    )
  })

  test.each([
    ["an amount that is not there", decided.replace("10000", '"N/A"')],
    ["an ambiguous amount", decided.replace("10000", '"10,000"')],
    ["a document in bytes of no encoding", decided.replace("PAYMENT_SLIP", "L\uFFFDNEBESKED")],
  ])("a body with %s is bound only by exactly the same", (_title, written) => {
    expect(bindClaims(body, json(written))).toBe("unbound")
    expect(bindClaims(json(written), json(written))).toBe("bound")
  })

  test.each<[string, object, object]>([
    ["in a list", { names: ["J\uFFFDrgen", "Per"] }, { names: ["J\u00F6rgen", "Per"] }],
    [
      "in a list's object",
      { applicants: [{ name: "J\uFFFDrgen" }] },
      { applicants: [{ name: "J\u00F6rgen" }] },
    ],
    [
      "a member more than was signed",
      { applicants: [{ n: "J", role: "MAIN" }] },
      { applicants: [{ n: "J" }] },
    ],
  ])(
    "a document's name that is unreadable or additional is no contradiction: %s",
    (_title, written, said) => {
      expect(bindClaims(object({ ...signed, ...said }), object({ ...signed, ...written }))).toBe("unbound")
      expect(bindClaims(object({ ...signed, ...said }), object({ ...signed, ...said }))).toBe("bound")
    },
  )

  test.each<[string, (text: string) => string]>([
    ["a type", (text) => text.replace('"CREDIT_DECISION_UPDATED"', '{"applicationEventType":"PAID_OUT"}')],
    ["a reference", (text) => text.replace('"1000"', '{"applicationReference":"1000"}')],
    ["an amount", (text) => text.replace("12.30", '{"interest":12.30}')],
  ])("%s inside an object of the same name was not signed", (_title, change) => {
    expect(bindClaims(body, json(change(decided)))).not.toBe("bound")
  })

  test.each([
    ["a customer's message", '"message":{"body":"{\\"monthlyCost\\":1}"}'],
    ["a loan elsewhere", '"externalLoanDetails":[{"monthlyCost":1}]'],
    ["a record of another's", '"creditRecord":[{"monthlyCost":1}]'],
  ])("%s in the claims makes no better offer", (_title, member) => {
    const claims = json(decided.replace('"newRate"', `${member},"newRate"`))
    const better = json(decided.replace('"newRate"', '"monthlyCost":1,"newRate"'))
    expect(bindClaims(claims, better)).not.toBe("bound")
    expect(bindClaims(claims, claims)).toBe("bound")
  })

  test.each([
    ["loans of the customer's", { currentLoans: [{ interest: 3 }] }],
    ["applicants", { applicants: [{ name: "x", interest: 3 }] }],
    ["a note", { note: '{"interest":3}' }],
  ])("%s beside the decision are no contradiction", (_title, beside) => {
    const claims = { ...(JSON.parse(decided) as object), ...beside }
    expect(bindClaims(object(claims), object(JSON.parse(decided) as object))).toBe("bound")
  })

  test("the token's own claims beside the event are no contradiction", () => {
    const event = { ...signed, eventId: "i", timestamp: 1 }
    const around = { eventId: "o", timestamp: 5, applicationReference: signed.applicationReference, event }
    expect(bindClaims(object(around), object(event))).toBe("bound")
    expect(bindClaims(object({ timestamp: 5, hash: "abc" }), object(event))).toBe("unbound")
  })

  test("a list of other names is a contradiction", () => {
    const [written, said] = [
      { ...signed, names: ["Per", "Ola"] },
      { ...signed, names: ["Per", "Kari"] },
    ]
    expect(bindClaims(object(said), object(written))).toBe("contradicted")
  })

  test("an unreadable detail hides no contradiction beside it", () => {
    const written = decided.replace("10000", '"N/A"').replace("APPROVED", "REJECTED")
    expect(bindClaims(body, json(written))).toBe("contradicted")
  })
})

describe("an event that differs from the signed one", () => {
  const paidOut = { applicationReference: "R", applicationEventType: "PAID_OUT" }
  const signed = { applicationReference: "R", applicationEventType: "SIGNED" }
  const bind = (claims: object, event: object) =>
    bindClaims(json(JSON.stringify(claims)), json(JSON.stringify(event)))

  test.each<[string, object]>([
    ["an earlier one beside the claims' own", { ...signed, previousEvent: paidOut }],
    ["any beside the claims' own", { ...signed, event: paidOut }],
    ["one in a note beside the claims' own", { ...signed, customerNote: JSON.stringify(paidOut) }],
    ["one within what stands beside it", { ...signed, externalApplicationEvent: { event: paidOut } }],
    [
      "one in a message within it",
      { ...signed, externalApplicationEvent: { message: JSON.stringify(paidOut) } },
    ],
  ])("contradicts: %s", (_title, claims) => {
    expect(bind(claims, paidOut)).toBe("contradicted")
    expect(bind(claims, signed)).toBe("bound")
  })

  test.each<[string, object]>([
    ["an earlier one", { previousEvent: paidOut }],
    ["one of two", { event: signed, other: paidOut, data: paidOut, payload: signed }],
    ["one in a note", { iss: "bank", customerNote: JSON.stringify(paidOut) }],
    ["one in a note within another claim", { iss: "bank", customer: { note: JSON.stringify(paidOut) } }],
    ["one in a message", { iss: "bank", message: JSON.stringify(paidOut) }],
    ["one in what is known of a user", { iss: "bank", user_metadata: paidOut }],
    ["one in a claim that nobody knows", { iss: "bank", extra: paidOut }],
    ["one in a list of messages", { iss: "bank", message: [JSON.stringify(paidOut)] }],
    ["one beside the bank's own, in a claim that nobody knows", { evt: signed, reply: paidOut }],
    ["one in a message beside the bank's own", { "https://bank.example/event": signed, message: paidOut }],
    ["one in a partner's answer", { partnerResponse: JSON.stringify(paidOut) }],
    ["one deeper in a claim", { payload: { ...signed, externalApplicationEvent: { data: paidOut } } }],
    ["one in a message's body", { iss: "bank", message: { subject: "hi", body: JSON.stringify(paidOut) } }],
    [
      "one in a message's body, beside the bank's own where nobody looks",
      {
        events: { "https://bank.example/events/signed": signed },
        message: { body: JSON.stringify(paidOut) },
      },
    ],
    ["one of another loan beside it", { event: { subject: signed, currentLoanData: [paidOut] } }],
    ["one in a list beside it", { vc: { credentialSubject: signed }, externalDecisions: [paidOut] }],
    [
      "one in a note beside it, however deep",
      { event: { data: { data: { data: { data: { data: signed } } } }, entry: paidOut } },
    ],
  ])("is not bound: %s", (_title, claims) => {
    expect(bind(claims, paidOut)).toBe("unbound")
  })

  test("has its reference and type next to it, in the claims as in a body", () => {
    expect(
      bind(
        { applicationReference: "R", externalApplicationEvent: { applicationEventType: "SIGNED" } },
        signed,
      ),
    ).toBe("bound")
  })
})
