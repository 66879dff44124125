import type { Result } from "effect"
import { type AcceptQuoteRequest, acceptQuoteRequest } from "./accept-quote.ts"
import { type GetApplicationQuoteRequest, getApplicationQuoteRequest } from "./get-application-quote.ts"
import { type GetApplicationStatusRequest, getApplicationStatusRequest } from "./get-application-status.ts"
import { type SetCallbackRequest, setCallbackRequest } from "./set-callback.ts"
import { readOperation } from "./soap-envelope.ts"
import type { SoapFault } from "./soap-fault.ts"
import { isDecodeError } from "./soap-message.ts"
import { type SubmitApplicationExtRequest, submitApplicationExtRequest } from "./submit-application-ext.ts"
import { type UpdateApplicationRequest, updateApplicationRequest } from "./update-application.ts"
import type { XmlElement } from "./xml/element.ts"
import { refuse, type XmlError } from "./xml/error.ts"
import type { XmlOptions } from "./xml/limits.ts"
import { readResult } from "./xml/parser.ts"

/** Any request that a bank may receive, with the name of its operation. */
export type BankRequest =
  | { readonly operation: "submitApplicationExt"; readonly request: SubmitApplicationExtRequest }
  | { readonly operation: "getApplicationStatus"; readonly request: GetApplicationStatusRequest }
  | { readonly operation: "getApplicationQuote"; readonly request: GetApplicationQuoteRequest }
  | { readonly operation: "setCallback"; readonly request: SetCallbackRequest }
  | { readonly operation: "updateApplication"; readonly request: UpdateApplicationRequest }
  | { readonly operation: "acceptQuote"; readonly request: AcceptQuoteRequest }

type Readers = { readonly [O in BankRequest["operation"]]: (element: XmlElement) => BankRequest }

const readers: Readers = {
  submitApplicationExt: (element) => ({
    operation: "submitApplicationExt",
    request: submitApplicationExtRequest.read(element),
  }),
  getApplicationStatus: (element) => ({
    operation: "getApplicationStatus",
    request: getApplicationStatusRequest.read(element),
  }),
  getApplicationQuote: (element) => ({
    operation: "getApplicationQuote",
    request: getApplicationQuoteRequest.read(element),
  }),
  setCallback: (element) => ({ operation: "setCallback", request: setCallbackRequest.read(element) }),
  updateApplication: (element) => ({
    operation: "updateApplication",
    request: updateApplicationRequest.read(element),
  }),
  acceptQuote: (element) => ({ operation: "acceptQuote", request: acceptQuoteRequest.read(element) }),
}

const readersByName: ReadonlyMap<string, (element: XmlElement) => BankRequest> = new Map(
  Object.entries(readers),
)

function readRequest(element: XmlElement): BankRequest {
  const read = readersByName.get(element.name)
  if (read !== undefined) return read(element)
  const expected = `expected one of ${[...readersByName.keys()].join(", ")}`
  return refuse("unexpected-element", element.name, expected)
}

/** Reads a request of any operation. For a server. It never throws. */
export function decodeBankRequest(
  bytes: Uint8Array,
  options?: XmlOptions,
): Result.Result<BankRequest, XmlError | SoapFault> {
  return readResult(() => readRequest(readOperation(bytes, options)), isDecodeError)
}
