import { isJsonObject, parseJson } from "@loan-engine/adapters-http/message/json"
import { decodeCallback } from "@loan-engine/adapters-http/message/message"
import { importKeySet } from "@loan-engine/adapters-http/signature/jwks-keys"
import { bindClaims } from "@loan-engine/adapters-http/signature/jws-binding"
import { makeAuthorization } from "@loan-engine/adapters-http/http/authorization"
import * as acceptQuote from "@loan-engine/adapters-xml/accept-quote"
import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import * as quote from "@loan-engine/adapters-xml/get-application-quote"
import * as status from "@loan-engine/adapters-xml/get-application-status"
import * as callback from "@loan-engine/adapters-xml/set-callback"
import type { SoapMessage } from "@loan-engine/adapters-xml/soap-message"
import * as submission from "@loan-engine/adapters-xml/submit-application-ext"
import * as update from "@loan-engine/adapters-xml/update-application"
import { parseXml } from "@loan-engine/adapters-xml/xml/parser"
import { submissionObservation } from "@loan-engine/app/api/registration"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Redacted, Result } from "effect"

/** A decoder of bytes from outside. It refuses with a typed error that has this tag. */
export interface Decoder {
  readonly name: string
  readonly language: "xml" | "json" | "text"
  readonly decode: (bytes: Uint8Array) => Promise<string | undefined> | string | undefined
}

/** The tag of the typed error. `undefined` for a value. */
const tagOf = (result: Result.Result<unknown, { readonly _tag: string }>): string | undefined =>
  Result.isFailure(result) ? result.failure._tag : undefined

const soap = <A>(message: SoapMessage<A>): Decoder => ({
  name: message.name,
  language: "xml",
  decode: (bytes) => tagOf(message.decode(bytes)),
})

const account = AccountName.make("se")

/** The registration API refuses with a problem document, whose code takes the place of a tag. */
const registration = (language: "xml" | "json", contentType: string): Decoder => ({
  name: `registration as ${language}`,
  language,
  decode: (bytes) =>
    Effect.runPromise(
      submissionObservation(bytes, contentType, account, 0).pipe(
        Effect.match({ onFailure: ({ code }) => `problem ${code}`, onSuccess: () => undefined }),
      ),
    ),
})

const keySet: Decoder = {
  name: "a JWKS document",
  language: "json",
  decode: async (bytes) => {
    const json = parseJson(bytes)
    if (Result.isFailure(json)) return json.failure._tag
    return (await importKeySet(json.success, ["RS256"])) === undefined ? "no key set" : undefined
  },
}

const eventBody = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }
const claims: Decoder = {
  name: "a signature's claims",
  language: "json",
  decode: (bytes) => {
    const json = parseJson(bytes)
    if (Result.isFailure(json)) return json.failure._tag
    return isJsonObject(json.success) ? bindClaims(json.success, eventBody) : "no claims"
  },
}

const authorizes = makeAuthorization([{ method: "BASIC", credentials: Redacted.make("dXNlcjpwYXNz") }])
const authorization: Decoder = {
  name: "an Authorization header",
  language: "text",
  decode: (bytes) => (authorizes(Buffer.from(bytes).toString("latin1")) ? undefined : "unauthorized"),
}

export const decoders: ReadonlyArray<Decoder> = [
  { name: "any XML", language: "xml", decode: (bytes) => tagOf(parseXml(bytes)) },
  { name: "any request to a bank", language: "xml", decode: (bytes) => tagOf(decodeBankRequest(bytes)) },
  soap(status.getApplicationStatusRequest),
  soap(status.getApplicationStatusResponse),
  soap(quote.getApplicationQuoteRequest),
  soap(quote.getApplicationQuoteResponse),
  soap(submission.submitApplicationExtRequest),
  soap(submission.submitApplicationExtResponse),
  soap(callback.setCallbackRequest),
  soap(callback.setCallbackResponse),
  soap(update.updateApplicationRequest),
  soap(update.updateApplicationResponse),
  soap(acceptQuote.acceptQuoteRequest),
  soap(acceptQuote.acceptQuoteResponse),
  registration("xml", "text/xml"),
  { name: "any JSON", language: "json", decode: (bytes) => tagOf(parseJson(bytes)) },
  { name: "a callback", language: "json", decode: (bytes) => tagOf(decodeCallback(bytes)) },
  registration("json", "application/json"),
  keySet,
  claims,
  authorization,
]
