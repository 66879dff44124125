import { describe, expect, it } from "vitest"
import { getApplicationStatusResponse } from "../src/get-application-status.ts"
import { applicationStatusEvents } from "../src/loan-events.ts"
import { setCallbackResponse } from "../src/set-callback.ts"
import { failure, utf8, value } from "./bytes.ts"

const xsi = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
const status = (fields: string) =>
  getApplicationStatusResponse.decode(
    utf8(`<getApplicationStatusResponse ${xsi}>${fields}</getApplicationStatusResponse>`),
  )
const callback = (fields: string) =>
  setCallbackResponse.decode(
    utf8(
      `<setCallbackResponse ${xsi}><setCallbackResult>${fields}</setCallbackResult></setCallbackResponse>`,
    ),
  )

describe("a field", () => {
  const readings: ReadonlyArray<readonly [fields: string, message: object]> = [
    ["<paidOut>true</paidOut>", { paidOut: true }],
    ["<paidOut> 1\n</paidOut>", { paidOut: true }],
    ["<paidOut>\tfalse\r\n</paidOut>", { paidOut: false }],
    ["<paidOut>0</paidOut>", { paidOut: false }],
    ["<paidOut><![CDATA[true]]></paidOut>", { paidOut: true }],
    ["<paidOut>tr<!-- no -->ue</paidOut>", { paidOut: true }],
    ["<paidOut>&#116;rue</paidOut>", { paidOut: true }],
    [`<paidOut xsi:nil="false">true</paidOut>`, { paidOut: true }],
    [`<paidOut nil="true">true</paidOut>`, { paidOut: true }],
    ["<signedWithMethod> E_SIGN </signedWithMethod>", { signedWithMethod: "E_SIGN" }],
    ["<signedWithMethod>e-sign\u00A0</signedWithMethod>", { signedWithMethod: "E_SIGN" }],
    ["<signedWithMethod>E.SIGN</signedWithMethod>", { signedWithMethod: "E_SIGN" }],
    ["<signedWithMethod>ESIGN</signedWithMethod>", { signedWithMethod: "E_SIGN" }],
    ["<paidOut>\u00A0true\u200B</paidOut>", { paidOut: true }],
    ["<new><deep>1</deep></new><paidOut>1</paidOut>text", { paidOut: true }],
    ["<paidOut>TRUE</paidOut>", { paidOut: true }],
    ["<paidOut>true</paidOut><paidOut> true </paidOut>", { paidOut: true }],
    ["<paidOut/><paidOut>true</paidOut>", { paidOut: true }],
    ["<signedWithMethod/><paidOut>false</paidOut>", { paidOut: false }],
    ["<paidOut>true</paidOut><paidOut>1</paidOut>", { paidOut: true }],
    ["<signedWithMethod>Swedish BankID</signedWithMethod>", { signedWithMethod: "Swedish BankID" }],
    ["<signedWithMethod>MANUAL</signedWithMethod>", { signedWithMethod: "MANUAL" }],
    ["<signedWithMethod>mail</signedWithMethod>", { signedWithMethod: "mail" }],
    ["<result><paidOut>1</paidOut></result>", { paidOut: true }],
    ["<PaidOut>true</PaidOut>", { paidOut: true }],
    ["<paid_out>true</paid_out>", { paidOut: true }],
    ["<PAIDOUT>true</PAIDOUT><paidOut>1</paidOut>", { paidOut: true }],
    ["<return><paidOut>1</paidOut></return><data><paidOut>true</paidOut></data>", { paidOut: true }],
    [
      "<waitingForAddition>0</waitingForAddition><status><paidOut>1</paidOut></status>",
      { waitingForAddition: false, paidOut: true },
    ],
    ["<currentStatus><paidOut>1</paidOut></currentStatus>", { paidOut: true }],
    ["<externalApplicationStatus><paidOut>1</paidOut></externalApplicationStatus>", { paidOut: true }],
    [`<paidOut>1</paidOut><x:paidOut xmlns:x="urn:x">false</x:paidOut>`, { paidOut: true }],
    ...[
      "BANKID2",
      "BankID",
      "BANKID_NO",
      "BankID NO",
      "ESIGNATURE",
      "E_SIGN_V2",
      "OPEN_BANKING",
      "openId",
      "E_SIGN_2",
    ].map(
      (method) => [`<signedWithMethod>${method}</signedWithMethod>`, { signedWithMethod: method }] as const,
    ),
    [
      "<getApplicationStatusResult><return><paidOut>1</paidOut></return></getApplicationStatusResult>",
      { paidOut: true },
    ],
  ]
  it.each(readings)("%j is read as %o", (fields, message) => {
    expect(value(status(fields))).toEqual(message)
  })

  const leftOut: ReadonlyArray<readonly [fields: string, message: object]> = [
    ["<paidOut>yes</paidOut>", { leftOut: ["paidOut"] }],
    ...["BankID no", "E-ID no", "Bank ID - no", "BankID No"].map((text): readonly [string, object] => [
      `<signedWithMethod>${text}</signedWithMethod>`,
      { leftOut: ["signedWithMethod"] },
    ]),
    ["<paidOut>true false</paidOut>", { leftOut: ["paidOut"] }],
    ["<paidOut>2</paidOut>", { leftOut: ["paidOut"] }],
    ["<paidOut>tr<b/>ue</paidOut>", { leftOut: ["paidOut"] }],
    ["<paidOut>true</paidOut><paidOut>false</paidOut>", { leftOut: ["paidOut"] }],
    [`<paidOut xsi:nil="true">true</paidOut>`, { leftOut: ["paidOut"] }],
    ["<paidOut>true</paidOut><status><paidOut>false</paidOut></status>", { leftOut: ["paidOut"] }],
    ["<coApplicant><paidOut>true</paidOut></coApplicant>", { leftOut: ["paidOut"] }],
    ["<currentLoan><paidOut>true</paidOut></currentLoan>", { leftOut: ["paidOut"] }],
    ["<externalLoan><paidOut>true</paidOut></externalLoan>", { leftOut: ["paidOut"] }],
    ["<newApplication><paidOut>true</paidOut></newApplication>", { leftOut: ["paidOut"] }],
    [
      "<previousResult><signedWithMethod>E_SIGN</signedWithMethod></previousResult>",
      { leftOut: ["signedWithMethod"] },
    ],
    ["<paidOut>true</paidOut><PaidOut>false</PaidOut>", { leftOut: ["paidOut"] }],
    [`<x:paidOut xmlns:x="urn:x">true</x:paidOut>`, { leftOut: ["paidOut"] }],
    [`<x:r xmlns:x="urn:x"><paidOut>true</paidOut></x:r>`, { leftOut: ["paidOut"] }],
    ["<data><data><data><data><paidOut>1</paidOut></data></data></data></data>", { leftOut: ["paidOut"] }],
    ["<signedWithMethod>N/A</signedWithMethod>", { leftOut: ["signedWithMethod"] }],
    ["<signedWithMethod>E_SIGN|ANALOG</signedWithMethod>", { leftOut: ["signedWithMethod"] }],
    ["<signedWithMethod>a<b/></signedWithMethod>", { leftOut: ["signedWithMethod"] }],
    ...[
      "NO",
      "0",
      "?",
      "1",
      "-",
      "X",
      "NOT_SIGNED",
      "not signed",
      "PENDING",
      "pendingESign",
      "FALSE",
      "NONE",
      "Unsigned",
      "Inte signerat",
      "NO_METHOD",
      ..."NOTSIGNED notsigned NOTYET OSIGNERAD EJSIGNERAD USIGNERET INGEN UTAN SAKNAS AVBRUTEN DRAFT TIMEOUT TIMED_OUT".split(
        " ",
      ),
      ..."REVOKED WITHDRAWN VOID TBD XX AWAITINGSIGNATURE SIGNATUREMISSING SIGNED CARRIER_PIGEON NO_SIGN".split(
        " ",
      ),
      "SIGNED_NO",
      "OPEN",
      "E_SIGN_OPEN",
      "1.0",
    ].map(
      (word) => [`<signedWithMethod>${word}</signedWithMethod>`, { leftOut: ["signedWithMethod"] }] as const,
    ),
  ]
  it.each(leftOut)("%j is left out and named, and costs nothing else", (fields, message) => {
    const others = "<waitingForAddition>false</waitingForAddition>"
    expect(value(status(fields + others))).toEqual({ waitingForAddition: false, ...message })
  })

  it.each([
    ["", "missing-element"],
    ["<unknown>1</unknown>", "missing-element"],
    [`<x:paidOut xmlns:x="urn:x">true</x:paidOut>`, "missing-element"],
    ["<a><b><c><d><paidOut>1</paidOut></d></c></b></a>", "missing-element"],
    ["<paidOut>1</paidOut><status><paidOut>0</paidOut></status>", "invalid-value"],
    ["<data><paidOut>1</paidOut></data><data><paidOut>0</paidOut></data>", "invalid-value"],
    ["<history><paidOut>1</paidOut></history>", "missing-element"],
    ["<paidOut>yes</paidOut>", "invalid-value"],
    ["<signedWithMethod>NONE</signedWithMethod>", "invalid-value"],
    ["<paidOut/>", "missing-element"],
    [`<paidOut xsi:nil="maybe"/>`, "missing-element"],
    ["<paidOut/><signedWithMethod/>", "missing-element"],
    ["<waitingForAddition/><requestedSigningMethod/><paidOut/>", "missing-element"],
    ["<paidOut> \n</paidOut><signedWithMethod> </signedWithMethod>", "missing-element"],
    [`<paidOut xsi:nil="true"/><signedWithMethod xsi:nil=" 1 "> </signedWithMethod>`, "missing-element"],
  ])("an answer of %j is an error, and not one that says nothing new", (fields, reason) => {
    expect(failure(status(fields))).toMatchObject({ reason })
  })

  it("that is no method's name is no signature", () => {
    const answer = value(status("<signedWithMethod>CARRIER_PIGEON</signedWithMethod><paidOut>0</paidOut>"))
    expect(answer.leftOut).toEqual(["signedWithMethod"])
    expect(applicationStatusEvents(answer, 7)).toEqual([])
  })

  it.each(["<callbackSet/>", `<callbackSet xsi:nil="true"/>`])(
    "that must have a value is missing in %j",
    (fields) => {
      expect(failure(callback(fields))).toMatchObject({
        reason: "missing-element",
        path: "setCallbackResponse/setCallbackResult/callbackSet",
      })
    },
  )

  it.each(["<setCallbackResponse/>", "<setCallbackResponse><setCallbackResult/></setCallbackResponse>"])(
    "is reported as missing in %j",
    (document) => {
      expect(failure(setCallbackResponse.decode(utf8(document)))).toMatchObject({
        reason: "missing-element",
        path: "setCallbackResponse/callbackSet",
      })
    },
  )

  it.each([
    ["without its Result", "<setCallbackResponse><callbackSet>1</callbackSet></setCallbackResponse>"],
    [
      "in another wrapper",
      "<setCallbackResponse><return><setCallbackResult><callbackSet>1</callbackSet></setCallbackResult></return></setCallbackResponse>",
    ],
    [
      "twice alike, on two levels",
      "<setCallbackResponse><callbackSet>1</callbackSet><data><callbackSet> 1</callbackSet><callbackSet>1</callbackSet></data></setCallbackResponse>",
    ],
    ["where the result stands alone", "<setCallbackResult><callbackSet>1</callbackSet></setCallbackResult>"],
    [
      "of an operation in another case",
      "<SetCallbackResponse><callbackSet>1</callbackSet></SetCallbackResponse>",
    ],
    ["in another case", "<setCallbackResponse><CallbackSet>1</CallbackSet></setCallbackResponse>"],
  ])("is read %s", (_where, document) => {
    expect(value(setCallbackResponse.decode(utf8(document)))).toEqual({ callbackSet: true })
  })

  it("is quoted in an error only at its beginning, and on one line", () => {
    const error = failure(callback(`<callbackSet>a\nb${"x".repeat(1_000)}</callbackSet>`))
    expect(error.message).toContain(`found "a\\nb${"x".repeat(37)}…"`)
    expect(error.message.length).toBeLessThan(200)
  })
})
