import { describe, expect, it } from "vitest"
import { decodeBankRequest } from "../src/bank-request.ts"
import { getApplicationStatusRequest, getApplicationStatusResponse } from "../src/get-application-status.ts"
import { setCallbackRequest, setCallbackResponse } from "../src/set-callback.ts"
import { bankPage, bankPageText, failure, utf8, value } from "./bytes.ts"

describe("the bank's page, to the byte", () => {
  it("shows a getApplicationStatus request", () => {
    const bytes = bankPage("get-application-status-request.xml")
    const request = { applicationReference: "14321-21234-445674-434344-345445" }
    expect(value(getApplicationStatusRequest.decode(bytes))).toEqual(request)
    expect(value(decodeBankRequest(bytes))).toEqual({ operation: "getApplicationStatus", request })
  })

  it("shows a setCallback response", () => {
    expect(value(setCallbackResponse.decode(bankPage("set-callback-response.xml")))).toEqual({
      callbackSet: true,
      message: "Set callback successful",
    })
  })

  it("shows a getApplicationStatus response that is not a valid answer in its unchanged form", () => {
    const bytes = bankPage("get-application-status-response.xml")
    expect(failure(getApplicationStatusResponse.decode(bytes))).toMatchObject({
      _tag: "XmlError",
      reason: "invalid-value",
      path: "getApplicationStatusResponse/waitingForAddition",
      message:
        "getApplicationStatusResponse/waitingForAddition: expected a readable value in at least one member",
    })
  })

  const choices = [0, 1].flatMap((waiting) =>
    [0, 1].flatMap((signed) =>
      [0, 1].flatMap((requested) => [0, 1].map((paid) => ({ waiting, signed, requested, paid }))),
    ),
  )
  it.each(choices)("is an answer by each of its readings: %o", ({ waiting, signed, requested, paid }) => {
    const picks = [waiting, signed, requested, paid]
    const text = bankPageText("get-application-status-response.xml").replace(
      />(\w+)\|(\w+)</g,
      (_, first, second) => (picks.shift() === 0 ? `>${first}<` : `>${second}<`),
    )
    expect(value(getApplicationStatusResponse.decode(utf8(text)))).toEqual({
      waitingForAddition: waiting === 0,
      signedWithMethod: signed === 0 ? "E_SIGN" : "ANALOG",
      requestedSigningMethod: requested === 0 ? "E_SIGN" : "MANUAL",
      paidOut: paid === 0,
    })
  })

  it("shows a setCallback request that is not valid in its unchanged form", () => {
    expect(failure(setCallbackRequest.decode(bankPage("set-callback-request.xml")))).toMatchObject({
      reason: "invalid-value",
      path: "setCallback/callbackConfiguration/callbackAuthMethod",
      message: "setCallback/callbackConfiguration/callbackAuthMethod: expected BASIC or BEARER",
    })
  })

  it.each(["BASIC", "BEARER"])("shows a setCallback request with %s", (callbackAuthMethod) => {
    const text = bankPageText("set-callback-request.xml").replace("(BASIC|BEARER)", callbackAuthMethod)
    expect(value(setCallbackRequest.decode(utf8(text)))).toEqual({
      callbackUrl: "http://agent.com/url-to-callback",
      callbackCredentials: "#The base64 encoded credentials#",
      callbackAuthMethod,
    })
  })
})
