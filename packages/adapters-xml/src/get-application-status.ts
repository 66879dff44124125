import { Schema } from "effect"
import { field, present } from "./message-fields.ts"
import {
  applicationReferenceExpected,
  signingMethodExpected,
  XmlApplicationReference,
  XmlSigningMethod,
} from "./message-values.ts"
import { soapMessage } from "./soap-message.ts"

/** Source: the bank's page, "To poll the application reference". */
export const GetApplicationStatusRequest = Schema.Struct({ applicationReference: XmlApplicationReference })
export type GetApplicationStatusRequest = typeof GetApplicationStatusRequest.Type

/**
 * How the loan stands, without its decision: the answer has no field for it. A member that the bank left out,
 * left empty or sent as `xsi:nil` is absent.
 *
 * Source: the bank's page, "getApplicationStatusResponse-example".
 */
export const GetApplicationStatusResponse = Schema.Struct({
  waitingForAddition: Schema.optionalKey(Schema.Boolean),
  /** `E_SIGN` or `ANALOG` today. */
  signedWithMethod: Schema.optionalKey(XmlSigningMethod),
  /** `E_SIGN` or `MANUAL` today. */
  requestedSigningMethod: Schema.optionalKey(XmlSigningMethod),
  paidOut: Schema.optionalKey(Schema.Boolean),
})
export type GetApplicationStatusResponse = typeof GetApplicationStatusResponse.Type

export const getApplicationStatusRequest = soapMessage<GetApplicationStatusRequest>({
  name: "getApplicationStatus",
  schema: GetApplicationStatusRequest,
  read: (fields) => ({
    applicationReference: fields.required(
      "applicationReference",
      XmlApplicationReference,
      applicationReferenceExpected,
    ),
  }),
  write: ({ applicationReference }) => field("applicationReference", applicationReference),
})

export const getApplicationStatusResponse = soapMessage<GetApplicationStatusResponse>({
  name: "getApplicationStatusResponse",
  schema: GetApplicationStatusResponse,
  read: (fields) =>
    present({
      waitingForAddition: fields.optionalBoolean("waitingForAddition"),
      signedWithMethod: fields.optional("signedWithMethod", XmlSigningMethod, signingMethodExpected),
      requestedSigningMethod: fields.optional(
        "requestedSigningMethod",
        XmlSigningMethod,
        signingMethodExpected,
      ),
      paidOut: fields.optionalBoolean("paidOut"),
    }),
  write: ({ waitingForAddition, signedWithMethod, requestedSigningMethod, paidOut }) => [
    ...field("waitingForAddition", waitingForAddition),
    ...field("signedWithMethod", signedWithMethod),
    ...field("requestedSigningMethod", requestedSigningMethod),
    ...field("paidOut", paidOut),
  ],
})
