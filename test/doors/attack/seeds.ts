import { readFileSync } from "node:fs"
import { acceptQuoteRequest, acceptQuoteResponse } from "@loan-engine/adapters-xml/accept-quote"
import {
  getApplicationQuoteRequest,
  getApplicationQuoteResponse,
} from "@loan-engine/adapters-xml/get-application-quote"
import {
  getApplicationStatusRequest,
  getApplicationStatusResponse,
} from "@loan-engine/adapters-xml/get-application-status"
import { setCallbackRequest, setCallbackResponse } from "@loan-engine/adapters-xml/set-callback"
import { encodeSoapFault } from "@loan-engine/adapters-xml/soap-envelope"
import { SoapFault } from "@loan-engine/adapters-xml/soap-fault"
import {
  submitApplicationExtRequest,
  submitApplicationExtResponse,
} from "@loan-engine/adapters-xml/submit-application-ext"
import {
  updateApplicationRequest,
  updateApplicationResponse,
} from "@loan-engine/adapters-xml/update-application"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { ApplicationReference } from "@loan-engine/domain/observation"

const page = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../packages/app/src/sandbox/bank-page/${name}`, import.meta.url))
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const applicationReference = ApplicationReference.make("ABC-123")
const approvedAmount = parseDecimal("100000.50")
const offer = {
  ...(approvedAmount === undefined ? {} : { approvedAmount }),
  tenor: 12,
  documentTypes: ["ID", "PAYMENT_SLIP"],
}
const decided = { applicationReference, decision: "APPROVED" as const, offer }

/** One genuine document of every kind in each language. Hostile documents are made from them. */
export const seeds: Readonly<Record<"xml" | "json" | "text", ReadonlyArray<Uint8Array>>> = {
  xml: [
    getApplicationStatusRequest.encode({ applicationReference }),
    getApplicationStatusResponse.encode({
      waitingForAddition: true,
      signedWithMethod: "E_SIGN",
      paidOut: false,
    }),
    getApplicationQuoteRequest.encode({ applicationReference }),
    getApplicationQuoteResponse.encode(decided),
    submitApplicationExtRequest.encode({
      xml: "<resurs-response><a/></resurs-response>",
      consumerIp: "127.0.0.1",
    }),
    submitApplicationExtResponse.encode(decided),
    setCallbackRequest.encode({
      callbackUrl: "https://agent.example/se?a=1&b=2",
      callbackAuthMethod: "BASIC",
    }),
    setCallbackResponse.encode({ callbackSet: true, message: "Set callback successful" }),
    updateApplicationRequest.encode({ applicationReference, application: { iban: "FI21" } }),
    updateApplicationResponse.encode({ updated: true }),
    acceptQuoteRequest.encode({ applicationReference }),
    acceptQuoteResponse.encode({ accepted: true }),
    encodeSoapFault(new SoapFault({ code: "Client", text: "no such application", detail: "12" })),
  ],
  json: [
    ...[
      "signed",
      "credit-decision-approved",
      "credit-decision-rejected",
      "waiting-for-addition",
      "paid-out",
    ].map((name) => page(`${name}.json`)),
    page("jwks.json"),
    utf8(JSON.stringify({ applicationReference: "ABC-123", decision: "APPROVED", approvedAmount: "1000.5" })),
    utf8(
      '{"iss":"bank","iat":1.5e9,"externalApplicationEvent":"{\\"applicationReference\\":\\"ABC-123\\"}"}',
    ),
  ],
  text: [utf8("Basic dXNlcjpwYXNz")],
}
