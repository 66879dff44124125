import { describe, expect, it } from "vitest"
import { getApplicationQuoteResponse } from "../src/get-application-quote.ts"
import { applicationQuoteEvents, submissionEvents } from "../src/loan-events.ts"
import { submitApplicationExtResponse } from "../src/submit-application-ext.ts"
import { failure, utf8, value } from "./bytes.ts"

const quoted = (fields: string, decision = "APPROVED") =>
  getApplicationQuoteResponse.decode(
    utf8(
      "<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>ABC-123</applicationReference>" +
        `<decision>${decision}</decision>${fields}</applicationQuoteResult></getApplicationQuoteResponse>`,
    ),
  )
const placed = (beside: string, within: string) =>
  getApplicationQuoteResponse.decode(
    utf8(
      `<getApplicationQuoteResponse>${beside}<applicationQuoteResult><applicationReference>ABC-123</applicationReference>` +
        `<decision>APPROVED</decision>${within}</applicationQuoteResult></getApplicationQuoteResponse>`,
    ),
  )
const offer = (fields: string) => value(quoted(fields)).offer

describe("another loan within the answer", () => {
  it.each<[string, object]>([
    ["<currentLoan><applicationReference>B</applicationReference></currentLoan>", {}],
    ["<currentLoan><decision>REJECTED</decision></currentLoan>", {}],
    ["<externalLoan><interest>19.9</interest></externalLoan>", { leftOut: ["interest"] }],
    ["<externalOffers><interest>19.9</interest></externalOffers>", { leftOut: ["interest"] }],
  ])("is not read as this loan: %s", (fields, read) => {
    expect(value(quoted(fields))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: {},
      ...read,
    })
  })

  it.each([
    "<documentTypes><count>2</count><documentType>ID</documentType></documentTypes>",
    "<documentTypes><code>ID</code><description>Identity</description></documentTypes>",
    "<documentTypes><size>2</size></documentTypes>",
    "<documentTypes>false</documentTypes>",
    "<documentTypes>0</documentTypes>",
    "<documentTypes>ID/PAYMENT_SLIP</documentTypes>",
  ])("has no documents if the list has something other than names: %s", (fields) => {
    expect(value(quoted(fields))).toMatchObject({ offer: {}, leftOut: ["documentTypes"] })
  })
})

describe("bytes that are valid in no encoding", () => {
  /** Puts the letter å as a Latin-1 byte into a document that is otherwise UTF-8. */
  const strayIn = (reference: string, decision: string, fields: string) =>
    getApplicationQuoteResponse.decode(
      utf8(
        `<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>${reference}</applicationReference>` +
          `<decision>${decision}</decision>${fields}</applicationQuoteResult></getApplicationQuoteResponse>`,
      ).map((byte) => (byte === 1 ? 0xe5 : byte)),
    )

  it.each<[string, object]>([
    ["<customer>\u0001sa</customer><approvedAmount>10</approvedAmount>", { offer: { approvedAmount: "10" } }],
    ["<approvedAmount>10\u0001</approvedAmount>", { offer: {}, leftOut: ["approvedAmount"] }],
    ["<documentTypes>L\u0001N</documentTypes>", { offer: {}, leftOut: ["documentTypes"] }],
  ])("cost only the detail that contains them: %j", (fields, read) => {
    expect(value(strayIn("ABC-123", "APPROVED", fields))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      ...read,
    })
  })

  it("make no decision and no reference", () => {
    expect(value(strayIn("ABC-123", "APPROVED\u0001", ""))).toMatchObject({
      decision: null,
      leftOut: ["decision"],
    })
    expect(failure(strayIn("ABC-123\u0001", "APPROVED", ""))).toMatchObject({ reason: "invalid-value" })
  })

  it("are read after a UTF-8 mark, even if another encoding is named", () => {
    const text =
      '<?xml version="1.0" encoding="ISO-8859-1"?><getApplicationQuoteResponse><applicationQuoteResult>'
    const rest = "<applicationReference>A</applicationReference><n>\u0001</n><decision>REJECTED</decision>"
    const document = `\uFEFF${text}${rest}</applicationQuoteResult></getApplicationQuoteResponse>`
    const bytes = utf8(document).map((byte) => (byte === 1 ? 0xf6 : byte))
    for (const options of [{}, { contentType: "text/xml; charset=ISO-8859-1" }])
      expect(value(getApplicationQuoteResponse.decode(bytes, options))).toMatchObject({
        decision: "REJECTED",
      })
  })

  it("do not make an invalid document readable", () => {
    const noise = Uint8Array.of(0xe5, 0x3c, 0x61, 0x2f, 0x3e)
    expect(failure(getApplicationQuoteResponse.decode(noise))).toMatchObject({ reason: "encoding" })
  })

  it("do not hide a doctype", () => {
    const hidden = utf8("<!-- \u0001 --><!DOCTYPE a [<!ENTITY x 'y'>]><a/>").map((byte) =>
      byte === 1 ? 0xe5 : byte,
    )
    expect(failure(getApplicationQuoteResponse.decode(hidden))).toMatchObject({ reason: "doctype" })
  })
})

describe("the answer with a decision", () => {
  it("carries the offer, its decimals exact and in canonical form", () => {
    const fields =
      "<approvedAmount>10000.0</approvedAmount><interest>8.02</interest><tenor>144</tenor>" +
      "<effectiveInterest> 12.30 </effectiveInterest><monthlyCost>1e3</monthlyCost>" +
      "<consolidationDemand>0</consolidationDemand><adminFee>+1.5</adminFee><arrangementFee>-0.0</arrangementFee>" +
      "<totalRepaymentAmount>123456789012345678.123456789</totalRepaymentAmount>" +
      "<monthlyAccountFee/><currency>SEK</currency><documentTypes>ID</documentTypes>" +
      "<topUpAmount>007</topUpAmount><documentTypes> PAYMENT_SLIP </documentTypes><documentTypes/>"
    expect(value(quoted(fields))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: {
        approvedAmount: "10000",
        interest: "8.02",
        tenor: 144,
        effectiveInterest: "12.3",
        monthlyCost: "1000",
        consolidationDemand: "0",
        adminFee: "1.5",
        arrangementFee: "0",
        totalRepaymentAmount: "123456789012345678.123456789",
        topUpAmount: "7",
        documentTypes: ["ID", "PAYMENT_SLIP"],
      },
      leftOut: ["monthlyAccountFee"],
    })
  })

  it("may carry no offer, or a rejection's zero", () => {
    expect(offer("")).toEqual({})
    expect(value(quoted("<approvedAmount>0</approvedAmount>", "REJECTED"))).toMatchObject({
      decision: "REJECTED",
      offer: { approvedAmount: "0" },
    })
  })

  it("may wrap its list of documents", () => {
    const list =
      "<documentTypes>\n<documentType>ID</documentType>\n<documentType>PAYMENT_SLIP</documentType></documentTypes>"
    expect(offer(list)).toEqual({ documentTypes: ["ID", "PAYMENT_SLIP"] })
  })

  it.each([
    ["interest", "8,02", "8.02"],
    ["interest", "8,125", "8.125"],
    ["interest", "8.125", "8.125"],
    ["approvedAmount", "10 000", "10000"],
    ["approvedAmount", "10\u00A0000,50", "10000.5"],
    ["approvedAmount", "1.234,56", "1234.56"],
    ["tenor", "72.0", 72],
  ])("reads the %s %j, which has one meaning", (member, text, read) => {
    expect(value(quoted(`<${member}>${text}</${member}>`))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: { [member]: read },
    })
  })

  it("may repeat its reference and its decision, if the repetitions are equal", () => {
    const again = "<applicationReference> ABC-123 </applicationReference><Decision>Approved</Decision>"
    expect(value(placed(again, again))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: {},
    })
    expect(failure(placed("", again.replace("ABC", "XYZ")))).toMatchObject({ reason: "duplicate-element" })
    expect(failure(placed(again.replace("ABC", "XYZ"), ""))).toMatchObject({ reason: "duplicate-element" })
  })

  it("does not read values that may be about something else, and names them", () => {
    const other = (name: string, within: string) => `<${name}>${within}</${name}>`
    const reference = "<applicationReference>B</applicationReference>"
    expect(value(placed("", other("related", reference)))).toMatchObject({ applicationReference: "ABC-123" })
    const past = other("history", "<decision>REJECTED</decision>")
    expect(value(placed("", past))).toMatchObject({ decision: "APPROVED" })
    expect(value(quoted(past, ""))).toMatchObject({ decision: null, leftOut: ["decision"] })
    expect(value(placed("", other("previousOffer", "<tenor>99</tenor>")))).toMatchObject({
      offer: {},
      leftOut: ["tenor"],
    })
    expect(
      value(placed("", `<tenor>12</tenor>${other("existingLoans", "<tenor>99</tenor>")}`)),
    ).toMatchObject({
      offer: { tenor: 12 },
    })
    expect(value(quoted("", "\u00A0approved\u200B")).decision).toBe("APPROVED")
    expect(value(quoted("", "MANUALINSPECTION")).decision).toBe("MANUAL_INSPECTION")
  })

  it.each([
    ["tenor", "12"],
    ["approvedAmount", "1"],
    ["documentTypes", "ID"],
  ])("names a %s that stands in another namespace, and does not take it", (member, text) => {
    const strange = `<x:${member} xmlns:x="urn:x">${text}</x:${member}>`
    expect(value(quoted(strange))).toMatchObject({ offer: {}, leftOut: [member] })
  })

  const details: ReadonlyArray<readonly [fields: string, member: string]> = [
    ["<approvedAmount>1,234</approvedAmount>", "approvedAmount"],
    ["<approvedAmount>1.234</approvedAmount>", "approvedAmount"],
    ["<approvedAmount>-5000</approvedAmount>", "approvedAmount"],
    ["<approvedAmount>10000 SEK</approvedAmount>", "approvedAmount"],
    ["<approvedAmount/>", "approvedAmount"],
    ["<interest>-99</interest>", "interest"],
    ["<interest>0x10</interest>", "interest"],
    ["<interest>NaN</interest>", "interest"],
    ["<interest>N/A</interest>", "interest"],
    ["<interest>1e31</interest>", "interest"],
    ["<interest>1</interest><interest>2</interest>", "interest"],
    [`<interest>${"1".repeat(31)}</interest>`, "interest"],
    [`<interest>0.${"0".repeat(500_000)}1</interest>`, "interest"],
    ["<tenor>72.5</tenor>", "tenor"],
    ["<tenor>0</tenor>", "tenor"],
    ["<tenor>-1</tenor>", "tenor"],
    ["<tenor>12001</tenor>", "tenor"],
    [`<documentTypes>${"x".repeat(101)}</documentTypes>`, "documentTypes"],
    ["<documentTypes>ID</documentTypes>".repeat(51), "documentTypes"],
    ["<documentTypes>ID<b>ID</b></documentTypes>", "documentTypes"],
    ["<documentTypes><b>ID<c/></b></documentTypes>", "documentTypes"],
  ]
  it.each(details)("leaves out and names what cannot be read in %.40s", (fields, member) => {
    expect(value(quoted(`${fields}<monthlyCost>1</monthlyCost>`))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: { monthlyCost: "1" },
      leftOut: [member],
    })
  })

  it.each([
    ["beside the result", "<approvedAmount>10000</approvedAmount>", ""],
    ["in an element within it", "", "<offer><approvedAmount>10000</approvedAmount></offer>"],
    [
      "at two places that agree",
      "<approvedAmount>10000.0</approvedAmount>",
      "<o><approvedAmount>10 000</approvedAmount></o>",
    ],
  ])("carries an offer that stands %s", (_where, beside, within) => {
    expect(value(placed(beside, within))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: { approvedAmount: "10000" },
    })
  })

  it("names an amount that stands at two places and differs", () => {
    const amount = (text: string) => `<approvedAmount>${text}</approvedAmount>`
    const read = value(placed(amount("1"), `<offer>${amount("2")}<interest>3</interest></offer>`))
    expect(read).toMatchObject({
      decision: "APPROVED",
      offer: { interest: "3" },
      leftOut: ["approvedAmount"],
    })
  })

  it("keeps its decision when two lists of documents differ, and names them", () => {
    const list = (text: string) => `<documentTypes>${text}</documentTypes>`
    expect(value(placed(list("ID"), `<offer>${list("ID")}</offer>`)).offer).toEqual({ documentTypes: ["ID"] })
    expect(value(placed(list("ID"), `<offer>${list("PAYMENT_SLIP")}</offer>`)).leftOut).toEqual([
      "documentTypes",
    ])
  })

  it("may say its decision twice, if both say the same", () => {
    expect(value(quoted("<decision>Approved</decision>")).decision).toBe("APPROVED")
    expect(value(placed("<decision>APPROVED</decision>", "")).decision).toBe("APPROVED")
    const read = value(quoted("<decision>REJECTED</decision><interest>8</interest>"))
    expect(read).toMatchObject({ decision: null, leftOut: ["decision"] })
    expect(applicationQuoteEvents(read, 7)).toEqual([])
  })

  it.each(["approved", "Approved", " APPROVED "])("reads %j as an approval", (decision) => {
    expect(value(quoted("", decision)).decision).toBe("APPROVED")
  })

  it.each(["TECHNICAL_ERROR", "ACCEPT", "APPROVED REJECTED", ""])(
    "reads %j as no decision, and names it",
    (decision) => {
      const result = value(quoted("<approvedAmount>1</approvedAmount>", decision))
      expect(result).toMatchObject({ decision: null, leftOut: ["decision"] })
      expect(applicationQuoteEvents(result, 7)).toEqual([])
      expect(submissionEvents(result, 7)).toEqual([])
    },
  )

  const members = "<applicationReference>ABC-123</applicationReference><decision>APPROVED</decision>"
  it.each([
    ["directly in the answer", members],
    ["one level down", `<return><applicationQuoteResult>${members}</applicationQuoteResult></return>`],
    [
      "with the reference above",
      `<applicationReference>ABC-123</applicationReference><result><decision>APPROVED</decision></result>`,
    ],
  ])("is read %s", (_where, inner) => {
    const document = `<getApplicationQuoteResponse>${inner}</getApplicationQuoteResponse>`
    expect(value(getApplicationQuoteResponse.decode(utf8(document)))).toEqual({
      applicationReference: "ABC-123",
      decision: "APPROVED",
      offer: {},
    })
  })

  it.each([" ", "\u00A0x", "x\u0085y", "x".repeat(513)])("is refused for the reference %j", (reference) => {
    const document =
      `<submitApplicationExtResponse><submitApplicationExtResult><applicationReference>${reference}` +
      "</applicationReference><decision>APPROVED</decision></submitApplicationExtResult></submitApplicationExtResponse>"
    expect(failure(submitApplicationExtResponse.decode(utf8(document)))).toMatchObject({
      path: "submitApplicationExtResponse/submitApplicationExtResult/applicationReference",
    })
  })
})
