import { Result } from "effect"
import { describe, expect, test } from "vitest"
import { decodeCallback } from "../../src/message/message.ts"
import type { CallbackMessage } from "../../src/message/message.ts"
import { bytesOf } from "../support.ts"

const path = "externalApplicationEvent"
const decoded = (bytes: Uint8Array): CallbackMessage => Result.getOrThrow(decodeCallback(bytes))
const callback = (event: object): Uint8Array =>
  bytesOf(
    JSON.stringify({ [path]: { applicationReference: "abc-1", applicationEventType: "SIGNED", ...event } }),
  )
const decision = (creditDecision: unknown): Uint8Array =>
  callback({ applicationEventType: "CREDIT_DECISION_UPDATED", creditDecision })

describe("a text about another loan, or in free text, inside a callback", () => {
  const victim = JSON.stringify({ applicationReference: "VICTIM", applicationEventType: "PAID_OUT" })
  const own = { applicationReference: "A", applicationEventType: "SIGNED" }
  test.each<[string, object]>([
    ["text in the event", { ...own, [path]: { message: victim } }],
    ["text of any name in the event", { ...own, [path]: { payload: victim } }],
    ["another loan in the event", { ...own, [path]: { currentLoan: { applicationReference: "B" } } }],
    ["another event in the event", { ...own, [path]: { event: JSON.parse(victim) } }],
    ["text beside the callback", { notification: { [path]: own }, message: victim }],
    ["an applicant beside the callback", { notification: { [path]: own }, applicant: JSON.parse(victim) }],
    ["a customer's message", { [path]: { ...own, message: victim } }],
    ["another event deeper in the event", { ...own, [path]: { data: JSON.parse(victim) } }],
    ["a list of texts in the event", { ...own, [path]: { message: [victim] } }],
  ])("does not count for the callback's loan: %s", (_title, written) => {
    expect(decoded(bytesOf(JSON.stringify(written)))).toMatchObject({
      applicationReference: "A",
      event: { kind: "signed" },
    })
  })

  test.each<[string, object]>([
    ["the same said twice", { applicationReference: "A", [path]: { event: own } }],
    [
      "the type in a wrapper",
      { applicationReference: "A", [path]: { data: { applicationEventType: "SIGNED" } } },
    ],
    [
      "the reference in a wrapper",
      { applicationEventType: "SIGNED", [path]: { data: { applicationReference: "A" } } },
    ],
    [
      "the reference in the body's data",
      { applicationEventType: "SIGNED", data: { applicationReference: "A" } },
    ],
    ["a blank beside", { applicationReference: "", [path]: { data: own } }],
    ["a blank around", { applicationReference: "", data: own }],
    [
      "nothing within",
      {
        applicationReference: "A",
        [path]: { applicationReference: "null", applicationEventType: "SIGNED" },
      },
    ],
    ["a customer's event", { customerEvent: { [path]: own } }],
    ["a user's notification", { userNotification: own }],
  ])("is distinguished from the callback's own, at any place: %s", (_title, written) => {
    expect(decoded(bytesOf(JSON.stringify(written)))).toMatchObject({
      applicationReference: "A",
      event: { kind: "signed" },
    })
  })

  test("is no reference of a decision", () => {
    const creditDecision = { creditDecision: "APPROVED", approvedAmount: 1, applicationReference: "B" }
    const written = {
      applicationReference: "A",
      applicationEventType: "CREDIT_DECISION_UPDATED",
      [path]: { creditDecision },
    }
    expect(decoded(bytesOf(JSON.stringify(written))).applicationReference).toBe("A")
    const nowhere = { [path]: { applicationEventType: "CREDIT_DECISION_UPDATED", creditDecision } }
    expect(Result.isFailure(decodeCallback(bytesOf(JSON.stringify(nowhere))))).toBe(true)
  })

  test.each<[string, object]>([
    ["a message", { message: JSON.stringify({ interest: 0.1, tenor: 999 }) }],
    ["a list of messages", { message: [JSON.stringify({ interest: 0.1 })], details: ['{"tenor":1}'] }],
    ["a simulation", { simulationResult: { interest: 1 } }],
    ["a partner's answer", { partnerResponse: JSON.stringify({ interest: 1 }) }],
    ["a competitor's offer", { "competitor:offer": { interest: 1 }, "old:loan": { tenor: 1 } }],
    ["a loan of the customer's", { currentLoan: { interest: 19.9 } }],
    ["a competitor's offers", { externalOffers: [{ interest: 19.9 }] }],
    ["a loan elsewhere", { externalLoan: { interest: 19.9 } }],
    ["another application", { newApplication: { tenor: 500 } }],
  ])("is no part of the offer: %s", (_title, members) => {
    const message = decoded(decision({ creditDecision: "APPROVED", approvedAmount: 10_000, ...members }))
    expect(message.event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: { approvedAmount: "10000" },
    })
  })
})

describe("a list of documents", () => {
  test.each<[unknown, ReadonlyArray<string>]>([
    [{ documentName: "ID" }, ["ID"]],
    [{ $: "ID" }, ["ID"]],
    [{ "#text": "ID" }, ["ID"]],
    [
      [{ documentType: "ID" }, { documentType: "PAYSLIP" }],
      ["ID", "PAYSLIP"],
    ],
    [
      ["ID/PASSPORT", "1001"],
      ["ID/PASSPORT", "1001"],
    ],
  ])("documents as %j are %j", (requiredDocuments, names) => {
    const message = decoded(callback({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments }))
    expect(message.event).toEqual({ kind: "waitingForAddition", requiredDocuments: names })
  })

  test.each([
    { "@nil": "true" },
    { size: "0" },
    { ID: "required" },
    "ID/PASSPORT",
    "ID\tPAYSLIP",
    "false",
    "0",
    "N.A.",
  ])("there are no documents in %j", (requiredDocuments) => {
    const message = decoded(callback({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments }))
    expect(message).toMatchObject({ event: { kind: "waitingForAddition" }, leftOut: ["requiredDocuments"] })
  })
})
