import { describe, expect, it } from "vitest"
import { getApplicationQuoteResponse } from "../src/get-application-quote.ts"
import { submitApplicationExtResponse } from "../src/submit-application-ext.ts"
import type { XmlErrorReason } from "../src/xml-error.ts"
import { failure, utf8, value } from "./bytes.ts"

const quoted = (fields: string, decision = "APPROVED") =>
  getApplicationQuoteResponse.decode(
    utf8(
      "<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>ABC-123</applicationReference>" +
        `<decision>${decision}</decision>${fields}</applicationQuoteResult></getApplicationQuoteResponse>`,
    ),
  )
const offer = (fields: string) => value(quoted(fields)).offer

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

  const refusals: ReadonlyArray<readonly [fields: string, member: string, reason: XmlErrorReason]> = [
    ["<interest>8,02</interest>", "interest", "invalid-value"],
    ["<interest>0x10</interest>", "interest", "invalid-value"],
    ["<interest>NaN</interest>", "interest", "invalid-value"],
    ["<interest>1</interest><interest>1</interest>", "interest", "duplicate-element"],
    [`<interest>${"1".repeat(31)}</interest>`, "interest", "invalid-value"],
    [`<interest>0.${"0".repeat(500_000)}1</interest>`, "interest", "invalid-value"],
    ["<tenor>12.5</tenor>", "tenor", "invalid-value"],
    ["<tenor>-1</tenor>", "tenor", "invalid-value"],
    ["<tenor>12001</tenor>", "tenor", "invalid-value"],
    [`<documentTypes>${"x".repeat(101)}</documentTypes>`, "documentTypes", "invalid-value"],
    ["<documentTypes>ID</documentTypes>".repeat(51), "documentTypes", "invalid-value"],
    ["<documentTypes>ID<b>ID</b></documentTypes>", "documentTypes", "unexpected-text"],
    ["<documentTypes><b>ID<c/></b></documentTypes>", "documentTypes", "unexpected-element"],
  ]
  it.each(refusals)("is refused for an offer with %.40s", (fields, member, reason) => {
    expect(failure(quoted(fields))).toMatchObject({
      reason,
      path: `getApplicationQuoteResponse/applicationQuoteResult/${member}`,
    })
  })

  it.each(["TECHNICAL_ERROR", "approved", "APPROVED REJECTED"])(
    "is no rejection when it says %s",
    (decision) => {
      const error = failure(quoted("", decision))
      expect(error).toMatchObject({ _tag: "XmlError", reason: "unknown-decision" })
      expect(error.message).toContain(`expected APPROVED, REJECTED, MANUAL_INSPECTION, found "${decision}"`)
    },
  )

  it("is incomplete without a decision", () => {
    expect(failure(quoted("", ""))).toMatchObject({ reason: "missing-element" })
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
