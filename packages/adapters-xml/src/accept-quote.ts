import { Schema } from "effect"
import { field, present } from "./message-fields.ts"
import { BankMessage } from "./message-values.ts"
import { ReferenceRequest, referenceRequest } from "./reference-request.ts"
import { soapMessage } from "./soap-message.ts"
import { parentElement } from "./xml/element.ts"

/** Accepts the offer for the customer. After that, the customer signs. */
export const AcceptQuoteRequest = ReferenceRequest
export type AcceptQuoteRequest = typeof AcceptQuoteRequest.Type

export const AcceptQuoteResponse = Schema.Struct({
  accepted: Schema.Boolean,
  message: Schema.optionalKey(BankMessage),
})
export type AcceptQuoteResponse = typeof AcceptQuoteResponse.Type

export const acceptQuoteRequest = referenceRequest("acceptQuote")

export const acceptQuoteResponse = soapMessage<AcceptQuoteResponse>({
  name: "acceptQuoteResponse",
  schema: AcceptQuoteResponse,
  read: (fields) => {
    const result = fields.holding("accepted")
    return present({
      accepted: result.requiredBoolean("accepted"),
      message: result.words("message", BankMessage),
    })
  },
  write: ({ accepted, message }) => [
    parentElement("acceptQuoteResult", [...field("accepted", accepted), ...field("message", message)]),
  ],
})
