import { Schema } from "effect"
import { DecisionResult, readDecisionResult, writeDecisionResult } from "./decision-result.ts"
import { field, present } from "./message-fields.ts"
import {
  ConsumerIp,
  consumerIpLengthMax,
  ExternalReference,
  externalReferenceLengthMax,
} from "./message-values.ts"
import { soapMessage } from "./soap-message.ts"
import { isXmlTextCheck } from "./xml/characters.ts"
import { parentElement, textElement } from "./xml/element.ts"

/**
 * Sends an application. `xml` is the form, a separate document (`<resurs-response>…`). It is sent as text in CDATA,
 * character for character. `externalReference` is the sender's own name for the application.
 */
export const SubmitApplicationExtRequest = Schema.Struct({
  xml: Schema.String.check(Schema.isMinLength(1), isXmlTextCheck),
  consumerIp: ConsumerIp,
  externalReference: Schema.optionalKey(ExternalReference),
})
export type SubmitApplicationExtRequest = typeof SubmitApplicationExtRequest.Type

export const SubmitApplicationExtResponse = DecisionResult
export type SubmitApplicationExtResponse = typeof SubmitApplicationExtResponse.Type

export const submitApplicationExtRequest = soapMessage<SubmitApplicationExtRequest>({
  name: "submitApplicationExt",
  schema: SubmitApplicationExtRequest,
  read: (fields) =>
    present({
      xml: fields.verbatim("xml"),
      consumerIp: fields.required(
        "consumerIp",
        ConsumerIp,
        `an IP address of at most ${consumerIpLengthMax} characters`,
      ),
      externalReference: fields.optional(
        "externalReference",
        ExternalReference,
        `a reference of at most ${externalReferenceLengthMax} characters`,
      ),
    }),
  write: ({ xml, consumerIp, externalReference }) => [
    { ...textElement("xml", xml), cdata: true },
    ...field("consumerIp", consumerIp),
    ...field("externalReference", externalReference),
  ],
})

export const submitApplicationExtResponse = soapMessage<SubmitApplicationExtResponse>({
  name: "submitApplicationExtResponse",
  schema: SubmitApplicationExtResponse,
  read: readDecisionResult,
  write: (message) => [parentElement("submitApplicationExtResult", writeDecisionResult(message))],
})
