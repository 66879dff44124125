import { Result } from "effect"
import { describe, expect, test } from "vitest"
import { callbackEvents, decodeCallback } from "../src/callback-message.ts"
import type { CallbackMessage } from "../src/callback-message.ts"
import { bytesOf, example } from "./support.ts"

const at = 1_700_000_000_000
const decoded = (bytes: Uint8Array): CallbackMessage => Result.getOrThrow(decodeCallback(bytes))

const callback = (event: object, more: object = {}): Uint8Array =>
  bytesOf(
    JSON.stringify({
      externalApplicationEvent: { applicationReference: "abc-1", applicationEventType: "SIGNED", ...event },
      ...more,
    }),
  )
const decision = (creditDecision: unknown): Uint8Array =>
  callback({ applicationEventType: "CREDIT_DECISION_UPDATED", creditDecision })

const offer = {
  approvedAmount: "10000",
  interest: "12.3",
  tenor: 12,
  effectiveInterest: "23.3",
  monthlyCost: "1234",
  consolidationDemand: "2300",
  adminFee: "199",
  arrangementFee: "599.99",
  totalRepaymentAmount: "13000",
  monthlyAccountFee: "0",
  totalFeesAndInterest: "3000",
  documentTypes: ["ID", "PAYMENT_SLIP"],
}

describe("the bank's own examples", () => {
  test.each([
    ["signed.json", "ABC-123", [{ type: "agreement.signed", at }]],
    ["credit-decision-approved.json", "abc-123-def-567", [{ type: "decision.approved", at, offer }]],
    ["credit-decision-rejected.json", "abc-123-def-567", [{ type: "decision.rejected", at }]],
    [
      "waiting-for-addition.json",
      "abc-123-def-567",
      [{ type: "addition.requested", at, requiredDocuments: ["ID"] }],
    ],
    ["paid-out.json", "ABC-123", [{ type: "loan.paidOut", at }]],
  ])("%s becomes the machine's event", (file, reference, events) => {
    const message = decoded(example(file))
    expect(message.applicationReference).toBe(reference)
    expect(callbackEvents(message, at)).toEqual(events)
  })

  test.each(["signed.json", "paid-out.json"])("%s's jwsData is read without its leading space", (file) => {
    expect(decoded(example(file)).jwsData).toBe("eyJOXAiOLADikz.eyJpc3MiJgbDQrm4.djjft4CP-mbW1")
  })
})

describe("decoding", () => {
  test.each([" ABC-123", "ABC-123\t\r\n", "\u00a0ABC-123\ufeff"])(
    "the reference %j is read without its blanks",
    (text) => {
      expect(decoded(callback({ applicationReference: text })).applicationReference).toBe("ABC-123")
    },
  )

  test.each([[""], ["   "], [null], [undefined]])("jwsData %j counts as absent", (jwsData) => {
    expect(Object.hasOwn(decoded(callback({}, { jwsData })), "jwsData")).toBe(false)
  })

  test("amounts keep every digit, as numbers or as text, in the canonical form", () => {
    const creditDecision =
      '{"creditDecision":"APPROVED","approvedAmount":1000.0,"interest":"8.020","tenor":"12.0",' +
      '"totalRepaymentAmount":12345678901234567890.10,"adminFee":1e2}'
    const body =
      '{"externalApplicationEvent":{"applicationReference":"a","applicationEventType":"CREDIT_DECISION_UPDATED",' +
      `"creditDecision":${creditDecision}}}`
    expect(decoded(bytesOf(body)).event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: {
        approvedAmount: "1000",
        interest: "8.02",
        tenor: 12,
        totalRepaymentAmount: "12345678901234567890.1",
        adminFee: "100",
      },
    })
  })

  test("unknown members are ignored, and null members are absent", () => {
    const message = decoded(
      decision({ creditDecision: "APPROVED", interest: null, newFee: { any: 1 }, topUpAmount: 5 }),
    )
    expect(message.event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: { topUpAmount: "5" },
    })
  })

  test("a manual inspection is a decision that is pending", () => {
    expect(callbackEvents(decoded(decision({ creditDecision: "MANUAL_INSPECTION" })), at)).toEqual([
      { type: "decision.pending", at },
    ])
  })

  test.each([
    ["event type", callback({ applicationEventType: "WITHDRAWN" }), "WITHDRAWN"],
    ["event type named like a built-in", callback({ applicationEventType: "__proto__" }), "__proto__"],
    [
      "credit decision",
      decision({ creditDecision: "TECHNICAL_ERROR", interest: "none" }),
      "CREDIT_DECISION_UPDATED",
    ],
  ])("an unknown %s is no error and no event", (_title, bytes, type) => {
    const message = decoded(bytes)
    expect(message.event).toEqual({ kind: "unknown", type })
    expect(callbackEvents(message, at)).toEqual([])
  })
})

const path = "externalApplicationEvent"
describe("a malformed callback is an error that names the field", () => {
  test.each([
    ["a list", bytesOf("[]"), ""],
    ["text", bytesOf('"SIGNED"'), ""],
    ["an empty object", bytesOf("{}"), path],
    ["an event that is null", bytesOf(`{"${path}":null}`), path],
    ["an event that is text", bytesOf(`{"${path}":"SIGNED"}`), path],
    ["no reference", callback({ applicationReference: undefined }), `${path}.applicationReference`],
    ["a null reference", callback({ applicationReference: null }), `${path}.applicationReference`],
    ["a numeric reference", callback({ applicationReference: 12 }), `${path}.applicationReference`],
    ["an empty reference", callback({ applicationReference: "" }), `${path}.applicationReference`],
    ["a reference of blanks", callback({ applicationReference: " \t" }), `${path}.applicationReference`],
    [
      "a reference with a NUL",
      callback({ applicationReference: "a\u0000b" }),
      `${path}.applicationReference`,
    ],
    ["a long reference", callback({ applicationReference: "a".repeat(513) }), `${path}.applicationReference`],
    ["no type", callback({ applicationEventType: undefined }), `${path}.applicationEventType`],
    ["a type that is a list", callback({ applicationEventType: ["SIGNED"] }), `${path}.applicationEventType`],
    ["no decision", decision(undefined), `${path}.creditDecision`],
    ["a decision that is text", decision("APPROVED"), `${path}.creditDecision`],
    ["a decision that is a number", decision(5), `${path}.creditDecision.creditDecision`],
    ["an empty decision", decision({}), `${path}.creditDecision.creditDecision`],
    [
      "an amount that is a word",
      decision({ creditDecision: "APPROVED", approvedAmount: "ten" }),
      `${path}.creditDecision.approvedAmount`,
    ],
    [
      "an interest that is a boolean",
      decision({ creditDecision: "APPROVED", interest: true }),
      `${path}.creditDecision.interest`,
    ],
    [
      "an amount of endless digits",
      decision({ creditDecision: "APPROVED", adminFee: "9".repeat(31) }),
      `${path}.creditDecision.adminFee`,
    ],
    ["half a month", decision({ creditDecision: "APPROVED", tenor: 12.5 }), `${path}.creditDecision.tenor`],
    ["a negative tenor", decision({ creditDecision: "APPROVED", tenor: -1 }), `${path}.creditDecision.tenor`],
    [
      "a document that is a number",
      decision({ creditDecision: "APPROVED", documentTypes: ["ID", 1] }),
      `${path}.creditDecision.documentTypes[1]`,
    ],
    [
      "no required documents",
      callback({ applicationEventType: "WAITING_FOR_ADDITION" }),
      `${path}.requiredDocuments`,
    ],
    [
      "required documents that are text",
      callback({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments: "ID" }),
      `${path}.requiredDocuments`,
    ],
    [
      "too many documents",
      callback({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments: Array(51).fill("ID") }),
      `${path}.requiredDocuments`,
    ],
    ["jwsData that is an object", callback({}, { jwsData: {} }), "jwsData"],
  ])("%s", (_title, bytes, field) => {
    const result = decodeCallback(bytes)
    expect(Result.isFailure(result) && [result.failure.code, result.failure.field]).toEqual([
      "field-invalid",
      field,
    ])
  })

  test("the error quotes nothing of what was sent", () => {
    const result = decodeCallback(decision({ creditDecision: "APPROVED", interest: "anna@example.com" }))
    expect(JSON.stringify(result)).not.toContain("anna")
  })
})
