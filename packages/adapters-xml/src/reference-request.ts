import { Schema } from "effect"
import { field } from "./message-fields.ts"
import { applicationReferenceExpected, XmlApplicationReference } from "./message-values.ts"
import { soapMessage } from "./soap-message.ts"
import type { SoapMessage } from "./soap-message.ts"

/** A request that contains only an application reference. */
export const ReferenceRequest = Schema.Struct({ applicationReference: XmlApplicationReference })
export type ReferenceRequest = typeof ReferenceRequest.Type

/** Makes the codec of such a request. */
export const referenceRequest = (name: string): SoapMessage<ReferenceRequest> =>
  soapMessage<ReferenceRequest>({
    name,
    schema: ReferenceRequest,
    read: (fields) => ({
      applicationReference: fields.required(
        "applicationReference",
        XmlApplicationReference,
        applicationReferenceExpected,
      ),
    }),
    write: ({ applicationReference }) => field("applicationReference", applicationReference),
  })
