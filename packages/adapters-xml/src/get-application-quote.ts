import { Schema } from "effect"
import { DecisionResult, readDecisionResult, writeDecisionResult } from "./decision-result.ts"
import { ReferenceRequest, referenceRequest } from "./reference-request.ts"
import { soapMessage } from "./soap-message.ts"
import { parentElement } from "./xml/element.ts"

/**
 * Asks for the decision and the offer. If the callback with the decision is lost, only this request can read the
 * decision.
 */
export const GetApplicationQuoteRequest = Schema.Struct(ReferenceRequest.fields)
export type GetApplicationQuoteRequest = typeof GetApplicationQuoteRequest.Type

export const GetApplicationQuoteResponse = DecisionResult
export type GetApplicationQuoteResponse = typeof GetApplicationQuoteResponse.Type

export const getApplicationQuoteRequest = referenceRequest("getApplicationQuote")

export const getApplicationQuoteResponse = soapMessage<GetApplicationQuoteResponse>({
  name: "getApplicationQuoteResponse",
  schema: GetApplicationQuoteResponse,
  read: readDecisionResult,
  write: (message) => [parentElement("applicationQuoteResult", writeDecisionResult(message))],
})
