import { Schema } from "effect"
import { field, type MessageFields, present } from "./message-fields.ts"
import {
  applicationReferenceExpected,
  BankMessage,
  ContactDetail,
  contactDetailLengthMax,
  signingMethodExpected,
  XmlApplicationReference,
  XmlSigningMethod,
} from "./message-values.ts"
import { soapMessage } from "./soap-message.ts"
import { parentElement } from "./xml/element.ts"

/** A bank account in the Nordic form without IBAN. */
const Account = Schema.Struct({ clearing: ContactDetail, number: ContactDetail })

/** Changes members of an application, before its quote is accepted. */
export const UpdateApplicationRequest = Schema.Struct({
  applicationReference: XmlApplicationReference,
  application: Schema.Struct({
    applicantEmail: Schema.optionalKey(ContactDetail),
    coApplicantEmail: Schema.optionalKey(ContactDetail),
    account: Schema.optionalKey(Account),
    iban: Schema.optionalKey(ContactDetail),
    requestedSigningMethod: Schema.optionalKey(XmlSigningMethod),
  }),
})
export type UpdateApplicationRequest = typeof UpdateApplicationRequest.Type

export const UpdateApplicationResponse = Schema.Struct({
  updated: Schema.Boolean,
  message: Schema.optionalKey(BankMessage),
})
export type UpdateApplicationResponse = typeof UpdateApplicationResponse.Type

const detailExpected = `at most ${contactDetailLengthMax} characters`

function readAccount(fields: MessageFields | undefined): typeof Account.Type | undefined {
  if (fields === undefined) return undefined
  return {
    clearing: fields.required("clearing", ContactDetail, detailExpected),
    number: fields.required("number", ContactDetail, detailExpected),
  }
}

function readApplication(fields: MessageFields): UpdateApplicationRequest["application"] {
  return present({
    applicantEmail: fields.optional("applicantEmail", ContactDetail, detailExpected),
    coApplicantEmail: fields.optional("coApplicantEmail", ContactDetail, detailExpected),
    account: readAccount(fields.withinOptional("account")),
    iban: fields.optional("iban", ContactDetail, detailExpected),
    requestedSigningMethod: fields.optional(
      "requestedSigningMethod",
      XmlSigningMethod,
      signingMethodExpected,
    ),
  })
}

export const updateApplicationRequest = soapMessage<UpdateApplicationRequest>({
  name: "updateApplication",
  schema: UpdateApplicationRequest,
  read: (fields) => ({
    applicationReference: fields.required(
      "applicationReference",
      XmlApplicationReference,
      applicationReferenceExpected,
    ),
    application: readApplication(fields.within("application")),
  }),
  write: ({ applicationReference, application: { account, ...application } }) => [
    ...field("applicationReference", applicationReference),
    parentElement("application", [
      ...field("applicantEmail", application.applicantEmail),
      ...field("coApplicantEmail", application.coApplicantEmail),
      ...(account === undefined
        ? []
        : [
            parentElement("account", [
              ...field("clearing", account.clearing),
              ...field("number", account.number),
            ]),
          ]),
      ...field("iban", application.iban),
      ...field("requestedSigningMethod", application.requestedSigningMethod),
    ]),
  ],
})

export const updateApplicationResponse = soapMessage<UpdateApplicationResponse>({
  name: "updateApplicationResponse",
  schema: UpdateApplicationResponse,
  read: (fields) => {
    const result = fields.holding("updated")
    return present({
      updated: result.requiredBoolean("updated"),
      message: result.words("message", BankMessage),
    })
  },
  write: ({ updated, message }) => [
    parentElement("updateApplicationResult", [...field("updated", updated), ...field("message", message)]),
  ],
})
