import { Result, Schema, SchemaIssue } from "effect"
import { foldedName } from "./bank-word.ts"
import { MessageFields } from "./message-fields.ts"
import { readOperation, writeOperation } from "./soap-envelope.ts"
import { SoapFault } from "./soap-fault.ts"
import type { XmlElement } from "./xml/element.ts"
import { refuse, XmlError } from "./xml/error.ts"
import type { XmlOptions } from "./xml/limits.ts"
import { readResult } from "./xml/parser.ts"

/** One message of the bank's, a request or a response: bytes to typed and back. */
export interface SoapMessage<A> {
  /** The operation element's local name. */
  readonly name: string
  readonly schema: Schema.Codec<A, unknown>
  /**
   * A SOAP 1.1 envelope in UTF-8. Total over what `schema` admits; anything else throws an `XmlError`
   * (`invalid-value`), so text from outside should have passed the schema before.
   */
  readonly encode: (message: A) => Uint8Array
  /** The message, or why it is none. A `SoapFault` in its place is an error of its own. Never throws. */
  readonly decode: (bytes: Uint8Array, options?: XmlOptions) => Result.Result<A, XmlError | SoapFault>
  /** Reads an operation element that was read already. Throws an `XmlError`. */
  readonly read: (operation: XmlElement) => A
}

interface SoapMessageSpec<A> {
  readonly name: string
  readonly schema: Schema.Codec<A, unknown>
  readonly read: (fields: MessageFields) => A
  readonly write: (message: A) => ReadonlyArray<XmlElement>
}

export const isDecodeError = (error: unknown): error is XmlError | SoapFault =>
  error instanceof XmlError || error instanceof SoapFault

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Names the member that does not fit, never its value. */
function refuseMessage(name: string, { issue }: Schema.SchemaError): never {
  const [first] = issuesOf(issue).issues
  const path = [name, ...(first?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key))]
  return refuse("invalid-value", path.join("/"), "expected a value that the message's schema admits")
}

/** A response may be called by its result, and either in any case. */
const isOperation = (written: string, name: string): boolean =>
  [name, name.replace(/Response$/u, "Result")].some((each) => foldedName(each) === foldedName(written))

/** Makes the codec of one message from how its fields are read and written. */
export function soapMessage<A>(spec: SoapMessageSpec<A>): SoapMessage<A> {
  const { name, schema } = spec
  const check = Schema.decodeUnknownResult(Schema.toType(schema))
  const read = (operation: XmlElement): A => {
    if (isOperation(operation.name, name)) return spec.read(new MessageFields(operation))
    return refuse("unexpected-element", operation.name, `expected ${name}`)
  }
  return {
    name,
    schema,
    read,
    encode: (message) => {
      const checked = check(message)
      if (Result.isFailure(checked)) return refuseMessage(name, checked.failure)
      return writeOperation(name, spec.write(checked.success))
    },
    decode: (bytes, options) => readResult(() => read(readOperation(bytes, options)), isDecodeError),
  }
}
