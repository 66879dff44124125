import { Schema } from "effect"
import { DecisionResult, readDecisionResult, writeDecisionResult } from "./decision-result.ts"
import { field } from "./message-fields.ts"
import { applicationReferenceExpected, XmlApplicationReference } from "./message-values.ts"
import { soapMessage } from "./soap-message.ts"
import { parentElement } from "./xml/element.ts"

/**
 * Asks for the decision and the offer. If the callback with the decision is lost, this is the only documented way to
 * read the decision.
 */
export const GetApplicationQuoteRequest = Schema.Struct({ applicationReference: XmlApplicationReference })
export type GetApplicationQuoteRequest = typeof GetApplicationQuoteRequest.Type

export const GetApplicationQuoteResponse = DecisionResult
export type GetApplicationQuoteResponse = typeof GetApplicationQuoteResponse.Type

export const getApplicationQuoteRequest = soapMessage<GetApplicationQuoteRequest>({
  name: "getApplicationQuote",
  schema: GetApplicationQuoteRequest,
  read: (fields) => ({
    applicationReference: fields.required(
      "applicationReference",
      XmlApplicationReference,
      applicationReferenceExpected,
    ),
  }),
  write: ({ applicationReference }) => field("applicationReference", applicationReference),
})

export const getApplicationQuoteResponse = soapMessage<GetApplicationQuoteResponse>({
  name: "getApplicationQuoteResponse",
  schema: GetApplicationQuoteResponse,
  read: readDecisionResult,
  write: (message) => [parentElement("applicationQuoteResult", writeDecisionResult(message))],
})
