import { Schema } from "effect"
import { field, present } from "./message-fields.ts"
import {
  BankMessage,
  CallbackCredentials,
  callbackCredentialsLengthMax,
  CallbackUrl,
  callbackUrlLengthMax,
} from "./message-values.ts"
import { soapMessage } from "./soap-message.ts"
import { parentElement } from "./xml/element.ts"

export const CallbackAuthMethod = Schema.Literals(["BASIC", "BEARER"])
export type CallbackAuthMethod = typeof CallbackAuthMethod.Type

/**
 * Registers the URL to which the bank sends its callbacks. One registration is enough. The credentials are sent in
 * base64. The bank sends them back in the Authorization header of each callback.
 *
 * Source: the bank's page, "Register the callback-URL".
 */
export const SetCallbackRequest = Schema.Struct({
  callbackUrl: CallbackUrl,
  callbackCredentials: Schema.optionalKey(CallbackCredentials),
  callbackAuthMethod: Schema.optionalKey(CallbackAuthMethod),
})
export type SetCallbackRequest = typeof SetCallbackRequest.Type

export const SetCallbackResponse = Schema.Struct({
  callbackSet: Schema.Boolean,
  message: Schema.optionalKey(BankMessage),
})
export type SetCallbackResponse = typeof SetCallbackResponse.Type

export const setCallbackRequest = soapMessage<SetCallbackRequest>({
  name: "setCallback",
  schema: SetCallbackRequest,
  read: (fields) => {
    const configuration = fields.within("callbackConfiguration")
    return present({
      callbackUrl: configuration.required(
        "callbackUrl",
        CallbackUrl,
        `a URL of at most ${callbackUrlLengthMax} characters`,
      ),
      callbackCredentials: configuration.optional(
        "callbackCredentials",
        CallbackCredentials,
        `credentials of at most ${callbackCredentialsLengthMax} characters`,
      ),
      callbackAuthMethod: configuration.optional("callbackAuthMethod", CallbackAuthMethod, "BASIC or BEARER"),
    })
  },
  write: ({ callbackUrl, callbackCredentials, callbackAuthMethod }) => [
    parentElement("callbackConfiguration", [
      ...field("callbackUrl", callbackUrl),
      ...field("callbackCredentials", callbackCredentials),
      ...field("callbackAuthMethod", callbackAuthMethod),
    ]),
  ],
})

export const setCallbackResponse = soapMessage<SetCallbackResponse>({
  name: "setCallbackResponse",
  schema: SetCallbackResponse,
  read: (fields) => {
    const result = fields.holding("callbackSet")
    return present({
      callbackSet: result.requiredBoolean("callbackSet"),
      message: result.words("message", BankMessage),
    })
  },
  write: ({ callbackSet, message }) => [
    parentElement("setCallbackResult", [...field("callbackSet", callbackSet), ...field("message", message)]),
  ],
})
