import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { acceptQuoteRequest, acceptQuoteResponse } from "../src/accept-quote.ts"
import { decodeBankRequest } from "../src/bank-request.ts"
import { getApplicationQuoteRequest, getApplicationQuoteResponse } from "../src/get-application-quote.ts"
import { getApplicationStatusRequest, getApplicationStatusResponse } from "../src/get-application-status.ts"
import { setCallbackRequest, setCallbackResponse } from "../src/set-callback.ts"
import type { SoapMessage } from "../src/soap-message.ts"
import { submitApplicationExtRequest, submitApplicationExtResponse } from "../src/submit-application-ext.ts"
import { updateApplicationRequest, updateApplicationResponse } from "../src/update-application.ts"
import { parseXml } from "../src/xml/parser.ts"
import { decisionResult, reference, token, xmlText } from "./arbitraries.ts"
import { failure, utf8, value } from "./bytes.ts"

const byReference = fc.record({ applicationReference: reference })
const optional: { requiredKeys: [] } = { requiredKeys: [] }

/** Checks that every value that the schema accepts is the same after writing and reading. */
function roundTrip<A>(message: SoapMessage<A>, messages: fc.Arbitrary<A>): void {
  fc.assert(
    fc.property(messages, (sent) => {
      expect(value(message.decode(message.encode(sent)))).toEqual(sent)
    }),
  )
}

function requestRoundTrip<A>(message: SoapMessage<A>, messages: fc.Arbitrary<A>): void {
  roundTrip(message, messages)
  fc.assert(
    fc.property(messages, (request) => {
      const decoded = value(decodeBankRequest(message.encode(request)))
      expect(decoded).toEqual({ operation: message.name, request })
    }),
  )
}

describe("each message reads back as it was written", () => {
  it("setCallback", () => {
    const method = fc.constantFrom("BASIC" as const, "BEARER" as const)
    const request = fc.record(
      { callbackUrl: token(), callbackCredentials: token(), callbackAuthMethod: method },
      { requiredKeys: ["callbackUrl"] },
    )
    requestRoundTrip(setCallbackRequest, request)
    roundTrip(
      setCallbackResponse,
      fc.record({ callbackSet: fc.boolean(), message: token() }, { requiredKeys: ["callbackSet"] }),
    )
  })

  it("getApplicationStatus", () => {
    requestRoundTrip(getApplicationStatusRequest, byReference)
    const method = fc.constantFrom("E_SIGN", "ANALOG", "MANUAL", "BankID", "Swedish BankID", "MAIL", "mitid")
    const status = fc.record(
      {
        waitingForAddition: fc.boolean(),
        signedWithMethod: method,
        requestedSigningMethod: method,
        paidOut: fc.boolean(),
      },
      optional,
    )
    roundTrip(
      getApplicationStatusResponse,
      status.filter((members) => Object.keys(members).length > 0),
    )
  })

  it("getApplicationQuote", () => {
    requestRoundTrip(getApplicationQuoteRequest, byReference)
    roundTrip(getApplicationQuoteResponse, decisionResult)
  })

  it("submitApplicationExt", () => {
    const request = fc.record(
      { xml: xmlText(50).filter((text) => text !== ""), consumerIp: fc.ipV6(), externalReference: token() },
      { requiredKeys: ["xml", "consumerIp"] },
    )
    requestRoundTrip(submitApplicationExtRequest, request)
    roundTrip(submitApplicationExtResponse, decisionResult)
  })

  it("updateApplication", () => {
    const application = fc.record(
      {
        applicantEmail: token(),
        coApplicantEmail: token(),
        account: fc.record({ clearing: token(), number: token() }),
        iban: token(),
        requestedSigningMethod: fc.constantFrom("E_SIGN", "MANUAL"),
      },
      optional,
    )
    requestRoundTrip(updateApplicationRequest, fc.record({ applicationReference: reference, application }))
    roundTrip(
      updateApplicationResponse,
      fc.record({ updated: fc.boolean(), message: token() }, { requiredKeys: ["updated"] }),
    )
  })

  it("acceptQuote", () => {
    requestRoundTrip(acceptQuoteRequest, byReference)
    roundTrip(
      acceptQuoteResponse,
      fc.record({ accepted: fc.boolean(), message: token() }, { requiredKeys: ["accepted"] }),
    )
  })
})

describe("what is sent", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

  it("is a SOAP 1.1 envelope, the operation in the bank's namespace, its children in none", () => {
    const sent = setCallbackRequest.encode({ callbackUrl: "https://a.example/?b=1&c=<2>" })
    expect(text(sent)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n` +
        `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ` +
        `xmlns:app="http://consumerloan.resurs.com/v1/msg/application"><soap:Body><app:setCallback>` +
        "<callbackConfiguration><callbackUrl>https://a.example/?b=1&amp;c=&lt;2&gt;</callbackUrl>" +
        "</callbackConfiguration></app:setCallback></soap:Body></soap:Envelope>",
    )
  })

  it("carries the form of an application within CDATA, which cannot break out of it", () => {
    const xml = `<resurs-response>]]><paidOut>&amp;</paidOut></resurs-response>`
    const sent = submitApplicationExtRequest.encode({ xml, consumerIp: "192.0.2.1" })
    expect(text(sent)).toContain("<xml><![CDATA[<resurs-response>]]]]><![CDATA[><paidOut>&amp;</paidOut>")
    expect(value(parseXml(sent)).children[0]?.children[0]?.children.map(({ name }) => name)).toEqual([
      "xml",
      "consumerIp",
    ])
  })

  it.each([
    ["a control character", "a\u0000b"],
    ["a lone surrogate", "a\uD800"],
    ["white space that would be lost", " a"],
    ["nothing", ""],
    ["too much", "x".repeat(2_049)],
  ])("is refused with a typed error when a text holds %s", (_what, callbackUrl) => {
    let thrown: unknown
    try {
      setCallbackRequest.encode({ callbackUrl })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      _tag: "XmlError",
      reason: "invalid-value",
      path: "setCallback/callbackUrl",
      message: "setCallback/callbackUrl: expected a value that the message's schema admits",
    })
  })
})

describe("a request to a bank", () => {
  it("of an operation it does not know is refused, naming those it knows", () => {
    expect(failure(decodeBankRequest(utf8("<toString/>")))).toMatchObject({
      reason: "unexpected-element",
      path: "toString",
      message:
        "toString: expected one of submitApplicationExt, getApplicationStatus, getApplicationQuote, setCallback, " +
        "updateApplication, acceptQuote",
    })
  })

  it("is read in the encoding that its Content-Type names", () => {
    const bytes = Uint8Array.from(
      "<acceptQuote><applicationReference>\u00E5</applicationReference></acceptQuote>",
      (unit) => unit.charCodeAt(0),
    )
    expect(value(decodeBankRequest(bytes, { contentType: "text/xml; charset=ISO-8859-1" }))).toEqual({
      operation: "acceptQuote",
      request: { applicationReference: "å" },
    })
    expect(failure(decodeBankRequest(bytes))).toMatchObject({ reason: "invalid-value" })
  })

  it("takes limits from the caller", () => {
    const bytes = acceptQuoteRequest.encode(fc.sample(byReference, 1)[0] ?? { applicationReference: fail() })
    expect(failure(decodeBankRequest(bytes, { limits: { xmlBytesMax: 10 } }))).toMatchObject({
      reason: "too-large",
    })
  })
})

describe("the bank's texts beside a result", () => {
  it.each(["\u0001terst\u0001llt", "<b>x</b>", "", "a</message><message>b", "x".repeat(10_001)])(
    "cost nothing if they cannot be read: %#",
    (message) => {
      const document = `<setCallbackResponse><callbackSet>true</callbackSet><message>${message}</message></setCallbackResponse>`
      const bytes = new TextEncoder().encode(document).map((byte) => (byte === 1 ? 0xe5 : byte))
      expect(value(setCallbackResponse.decode(bytes))).toEqual({ callbackSet: true })
    },
  )
})

function fail(): never {
  throw new Error("expected a sample")
}
