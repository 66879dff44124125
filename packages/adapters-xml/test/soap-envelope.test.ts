import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { getApplicationStatusResponse } from "../src/get-application-status.ts"
import { encodeSoapFault } from "../src/soap-envelope.ts"
import { faultTextLengthMax, SoapFault } from "../src/soap-fault.ts"
import type { XmlErrorReason } from "../src/xml/error.ts"
import { token } from "./arbitraries.ts"
import { failure, utf8, value } from "./bytes.ts"

const soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
const soap12 = "http://www.w3.org/2003/05/soap-envelope"
const message = "http://consumerloan.resurs.com/v1/msg/application"
const fields = "<waitingForAddition>false</waitingForAddition><paidOut>true</paidOut>"
const bare = `<getApplicationStatusResponse>${fields}</getApplicationStatusResponse>`

const decode = (document: string) => getApplicationStatusResponse.decode(utf8(document))
const enveloped = (body: string, namespace = soap11) =>
  `<S:Envelope xmlns:S="${namespace}"><S:Body>${body}</S:Body></S:Envelope>`

describe("where the operation stands", () => {
  const inNamespace = `<m:getApplicationStatusResponse xmlns:m="${message}">${fields}</m:getApplicationStatusResponse>`
  const documents: ReadonlyArray<readonly [what: string, document: string]> = [
    ["bare, without a namespace", bare],
    ["bare, in the bank's namespace", inNamespace],
    ["in a SOAP 1.1 envelope", enveloped(inNamespace)],
    ["in a SOAP 1.2 envelope", enveloped(inNamespace, soap12)],
    ["in an envelope, without a namespace", enveloped(bare)],
    [
      "with the envelope's namespace as the default",
      `<Envelope xmlns="${soap11}"><Body>${inNamespace.replace("><wait", ` xmlns=""><wait`)}</Body></Envelope>`,
    ],
    [
      "with the bank's namespace as the default, its children in it too",
      enveloped(bare.replace("Response>", `Response xmlns="${message}">`)),
    ],
    ["with prefixed children", enveloped(inNamespace.replace(/<(\/?)(wait|paid)/g, "<$1m:$2"))],
    [
      "with prefixes declared on the envelope",
      `<soapenv:Envelope xmlns:soapenv="${soap11}" xmlns:ns2="${message}"><soapenv:Body>` +
        `<ns2:getApplicationStatusResponse>${fields}</ns2:getApplicationStatusResponse>` +
        `</soapenv:Body></soapenv:Envelope>`,
    ],
    [
      "behind headers, comments and layout",
      `<?xml version="1.0"?>\n<S:Envelope xmlns:S="${soap11}">\n <S:Header><x>1</x></S:Header>\n <!-- -->` +
        `<S:Body>\n ${inNamespace}\n </S:Body>\n</S:Envelope>\n`,
    ],
  ]
  it.each(documents)("is found %s", (_what, document) => {
    expect(value(decode(document))).toEqual({ waitingForAddition: false, paidOut: true })
  })

  const refusals: ReadonlyArray<
    readonly [what: string, document: string, reason: XmlErrorReason, path: string]
  > = [
    ["another operation", "<setCallbackResponse/>", "unexpected-element", "setCallbackResponse"],
    [
      "another namespace",
      inNamespace.replace(message, "urn:x"),
      "unexpected-element",
      "getApplicationStatusResponse",
    ],
    ["the envelope of no SOAP", enveloped(bare, "urn:x"), "unexpected-element", "Envelope"],
    ["no Body", `<Envelope xmlns="${soap11}"/>`, "missing-element", "Envelope/Body"],
    [
      "the Body of another SOAP",
      `<Envelope xmlns="${soap11}"><Body xmlns="${soap12}"/></Envelope>`,
      "missing-element",
      "Envelope/Body",
    ],
    [
      "two Bodies",
      `<Envelope xmlns="${soap11}"><Body/><Body/></Envelope>`,
      "duplicate-element",
      "Envelope/Body",
    ],
    ["an empty Body", enveloped(""), "missing-element", "Envelope/Body"],
    ["two operations", enveloped(bare + bare), "duplicate-element", "Envelope/Body"],
    ["text in the Body", enveloped(`x${bare}`), "unexpected-text", "Envelope/Body"],
    ["text in the envelope", enveloped(bare).replace("<S:Body>", "x<S:Body>"), "unexpected-text", "Envelope"],
    ["an HTML page", "<html><body>502 Bad Gateway</body></html>", "unexpected-element", "html"],
  ]
  it.each(refusals)("is not %s", (_what, document, reason, path) => {
    expect(failure(decode(document))).toMatchObject({ _tag: "XmlError", reason, path })
  })
})

describe("a header", () => {
  const behind = (attributes: string, namespace = soap11) =>
    `<S:Envelope xmlns:S="${namespace}"><S:Header><x:h xmlns:x="urn:x" ${attributes}/></S:Header>` +
    `<S:Body>${bare}</S:Body></S:Envelope>`

  it.each([
    ["says nothing of it", "", soap11],
    ["says 0", `S:mustUnderstand="0"`, soap11],
    ["says false in SOAP 1.2", `S:mustUnderstand="false"`, soap12],
    ["says so in no namespace", `mustUnderstand="1"`, soap11],
    ["is for another actor", `S:mustUnderstand="1" S:actor="urn:other"`, soap11],
  ])("that %s need not be understood, and is ignored", (_what, attributes, namespace) => {
    expect(value(decode(behind(attributes, namespace)))).toEqual({ waitingForAddition: false, paidOut: true })
  })

  it.each([
    ["SOAP 1.1", `S:mustUnderstand="1"`, soap11],
    ["SOAP 1.2", `S:mustUnderstand=" true "`, soap12],
    ["a word that is neither", `S:mustUnderstand="yes"`, soap11],
    ["the next actor's", `S:mustUnderstand="1" S:actor="http://schemas.xmlsoap.org/soap/actor/next"`, soap11],
  ])("that must be understood refuses the whole message: %s", (_what, attributes, namespace) => {
    expect(failure(decode(behind(attributes, namespace)))).toMatchObject({
      _tag: "XmlError",
      reason: "header-not-understood",
      path: "Envelope/Header/h",
    })
  })
})

describe("a fault", () => {
  const fault11 =
    "<S:Fault><faultcode>S:Server</faultcode><faultstring> No such application </faultstring>" +
    '<detail><e:applicationException xmlns:e="http://consumerloan.resurs.com/v1/msg/exception">' +
    "<errorCode>12</errorCode><message>gone</message></e:applicationException></detail></S:Fault>"
  const fault12 =
    "<S:Fault><S:Code><S:Value>S:Sender</S:Value></S:Code>" +
    '<S:Reason><S:Text xml:lang="en">Bad reference</S:Text></S:Reason></S:Fault>'

  it("of SOAP 1.1 is an error with code, text and detail", () => {
    expect(failure(decode(enveloped(fault11)))).toMatchObject({
      _tag: "SoapFault",
      code: "Server",
      text: "No such application",
      detail: "errorCode: 12; message: gone",
      message: "SOAP fault Server: No such application",
    })
  })

  it("of SOAP 1.2 is an error in the words of SOAP 1.1", () => {
    const fault = failure(decode(enveloped(fault12, soap12)))
    expect(fault).toMatchObject({ _tag: "SoapFault", code: "Client", text: "Bad reference" })
    expect(fault).not.toHaveProperty("detail")
    const receiver = enveloped(fault12.replace("Sender", "Receiver"), soap12)
    expect(failure(decode(receiver))).toMatchObject({ code: "Server" })
  })

  it("without content is still a fault", () => {
    expect(failure(decode(enveloped("<S:Fault/>")))).toMatchObject({ _tag: "SoapFault", code: "", text: "" })
  })

  it("that is too long is cut between two characters", () => {
    const long = `x${"\u{1F600}".repeat(faultTextLengthMax)}`
    const fault = failure(decode(enveloped(`<S:Fault><faultstring>${long}</faultstring></S:Fault>`)))
    expect(fault).toMatchObject({ _tag: "SoapFault", text: long.slice(0, faultTextLengthMax - 1) })
  })

  it("outside the SOAP namespaces is not a fault", () => {
    expect(failure(decode(enveloped("<Fault/>")))).toMatchObject({ _tag: "XmlError", path: "Fault" })
  })

  it("reads back as it was written", () => {
    const code = fc.constantFrom("Client", "Server", "Client.Authentication")
    const faults = fc.record({ code, text: token(), detail: token() }, { requiredKeys: ["code", "text"] })
    fc.assert(
      fc.property(faults, (members) => {
        const fault = failure(decode(new TextDecoder().decode(encodeSoapFault(new SoapFault(members)))))
        expect(fault).toMatchObject({ _tag: "SoapFault", ...members })
        expect("detail" in fault).toBe("detail" in members)
      }),
    )
  })

  it("is written as SOAP 1.1 says", () => {
    expect(
      new TextDecoder().decode(encodeSoapFault(new SoapFault({ code: "Client", text: "No & no" }))),
    ).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${soap11}"><soap:Body><soap:Fault>` +
        "<faultcode>soap:Client</faultcode><faultstring>No &amp; no</faultstring>" +
        "</soap:Fault></soap:Body></soap:Envelope>",
    )
  })
})
