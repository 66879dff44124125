import { describe, expect, it } from "vitest"
import { getApplicationStatusResponse } from "../src/get-application-status.ts"
import { setCallbackResponse } from "../src/set-callback.ts"
import type { XmlErrorReason } from "../src/xml-error.ts"
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
    ["<signedWithMethod>CARRIER_PIGEON</signedWithMethod>", { signedWithMethod: "CARRIER_PIGEON" }],
    ["<new><deep>1</deep></new><paidOut>1</paidOut>text", { paidOut: true }],
    [`<x:paidOut xmlns:x="urn:x">garbage</x:paidOut>`, {}],
    ["", {}],
    ["<paidOut/><signedWithMethod/>", {}],
    ["<paidOut> \n</paidOut><signedWithMethod> </signedWithMethod>", {}],
    [`<paidOut xsi:nil="true"/><signedWithMethod xsi:nil=" 1 "> </signedWithMethod>`, {}],
  ]
  it.each(readings)("%j is read as %o", (fields, message) => {
    expect(value(status(fields))).toEqual(message)
  })

  const refusals: ReadonlyArray<readonly [fields: string, reason: XmlErrorReason]> = [
    ["<paidOut>TRUE</paidOut>", "invalid-value"],
    ["<paidOut>yes</paidOut>", "invalid-value"],
    ["<paidOut>true false</paidOut>", "invalid-value"],
    ["<paidOut>2</paidOut>", "invalid-value"],
    ["<paidOut>\u00A0true</paidOut>", "invalid-value"],
    ["<paidOut>tr<b/>ue</paidOut>", "unexpected-element"],
    ["<paidOut>true</paidOut><paidOut>true</paidOut>", "duplicate-element"],
    ["<paidOut/><paidOut>true</paidOut>", "duplicate-element"],
    [`<paidOut xsi:nil="true">true</paidOut>`, "invalid-value"],
    [`<paidOut xsi:nil="maybe"/>`, "invalid-value"],
  ]
  it.each(refusals)("%j is refused as %s", (fields, reason) => {
    expect(failure(status(fields))).toMatchObject({ reason, path: "getApplicationStatusResponse/paidOut" })
  })

  it("that is too long for what it means is refused", () => {
    const method = (length: number) => `<signedWithMethod>${"x".repeat(length)}</signedWithMethod>`
    expect(value(status(method(50)))).toEqual({ signedWithMethod: "x".repeat(50) })
    expect(failure(status(method(51)))).toMatchObject({ reason: "invalid-value" })
  })

  it.each(["", "<callbackSet/>", `<callbackSet xsi:nil="true"/>`])(
    "that must have a value is missing in %j",
    (fields) => {
      expect(failure(callback(fields))).toMatchObject({
        reason: "missing-element",
        path: "setCallbackResponse/setCallbackResult/callbackSet",
      })
    },
  )

  it("is missed together with what should hold it", () => {
    expect(failure(setCallbackResponse.decode(utf8("<setCallbackResponse/>")))).toMatchObject({
      reason: "missing-element",
      path: "setCallbackResponse/setCallbackResult",
    })
  })

  it("is quoted in an error only at its beginning, and on one line", () => {
    const error = failure(status(`<paidOut>a\nb${"x".repeat(1_000)}</paidOut>`))
    expect(error.message).toContain(`found "a\\nb${"x".repeat(37)}…"`)
    expect(error.message.length).toBeLessThan(200)
  })
})
