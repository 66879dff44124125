import { DetailReader, LeftOut } from "@loan-engine/domain/detail"
import { Schema } from "effect"
import { readMethodName } from "./bank-word.ts"
import { field, type MessageFields, present, readBoolean, readDetail } from "./message-fields.ts"
import { XmlSigningMethod } from "./message-values.ts"
import { ReferenceRequest, referenceRequest } from "./reference-request.ts"
import { soapMessage } from "./soap-message.ts"
import { refuse } from "./xml/error.ts"

/** Source: the bank's page, "To poll the application reference". */
export const GetApplicationStatusRequest = ReferenceRequest
export type GetApplicationStatusRequest = typeof GetApplicationStatusRequest.Type

/**
 * The status of a loan. It does not contain the decision. If the bank left a member out, left it empty or sent it as
 * `xsi:nil`, the member is absent.
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
  /** The details that could not be read. When a message is written, this is ignored. */
  leftOut: Schema.optionalKey(LeftOut),
})
export type GetApplicationStatusResponse = typeof GetApplicationStatusResponse.Type

export const getApplicationStatusRequest = referenceRequest("getApplicationStatus")

const statusMembers = ["waitingForAddition", "signedWithMethod", "requestedSigningMethod", "paidOut"] as const

const isSigningMethod = Schema.is(XmlSigningMethod)
const readMethod = (text: string): string | undefined => {
  const name = readMethodName(text)
  return isSigningMethod(name) ? name : undefined
}

/**
 * Reads the members, each independently of the others, at any documented depth. If one cannot be read, the others
 * still count. If none has a readable value, the answer is an error. Otherwise it would count as an answer without
 * news.
 */
function readStatus(operation: MessageFields): GetApplicationStatusResponse {
  const levels = operation.levels()
  if (!levels.some((fields) => fields.hasAny(statusMembers))) operation.missingWithin(...statusMembers)
  const details = new DetailReader()
  const level = (name: "waitingForAddition" | "paidOut") =>
    readDetail(levels, name, details, readBoolean, "absent")
  const method = (name: "signedWithMethod" | "requestedSigningMethod") =>
    readDetail(levels, name, details, readMethod, "absent")
  const status = present({
    waitingForAddition: level("waitingForAddition"),
    signedWithMethod: method("signedWithMethod"),
    requestedSigningMethod: method("requestedSigningMethod"),
    paidOut: level("paidOut"),
  })
  if (Object.keys(status).length === 0) refuseEmpty(operation, details)
  return { ...status, ...details.leftOut }
}

function refuseEmpty(fields: MessageFields, { leftOut: { leftOut = [] } }: DetailReader): never {
  const [first] = leftOut
  if (first !== undefined)
    return refuse("invalid-value", fields.pathOf(first), "expected a readable value in at least one member")
  const expected = `expected a value in at least one of ${statusMembers.join(", ")}`
  return refuse("missing-element", fields.pathOf(statusMembers[0]), expected)
}

export const getApplicationStatusResponse = soapMessage<GetApplicationStatusResponse>({
  name: "getApplicationStatusResponse",
  schema: GetApplicationStatusResponse,
  read: readStatus,
  write: ({ waitingForAddition, signedWithMethod, requestedSigningMethod, paidOut }) => [
    ...field("waitingForAddition", waitingForAddition),
    ...field("signedWithMethod", signedWithMethod),
    ...field("requestedSigningMethod", requestedSigningMethod),
    ...field("paidOut", paidOut),
  ],
})
