import { Result, Schema, SchemaIssue } from "effect"
import { foldedName } from "./bank-word.ts"
import { MessageFields } from "./message-fields.ts"
import { readOperation, writeOperation } from "./soap-envelope.ts"
import { SoapFault } from "./soap-fault.ts"
import type { XmlElement } from "./xml/element.ts"
import { refuse, XmlError } from "./xml/error.ts"
import type { XmlOptions } from "./xml/limits.ts"
import { readResult } from "./xml/parser.ts"

/** The codec of one message of the bank, a request or a response. It converts between bytes and a typed value. */
export interface SoapMessage<A> {
  /** The local name of the operation element. */
  readonly name: string
  readonly schema: Schema.Codec<A, unknown>
  /**
   * Writes a SOAP 1.1 envelope in UTF-8. It accepts every value that `schema` accepts. For any other value it throws
   * an `XmlError` (`invalid-value`). So check text from outside with the schema first.
   */
  readonly encode: (message: A) => Uint8Array
  /**
   * Reads the message. If the bytes are no such message, the error says why. If there is a `SoapFault` instead of a
   * message, that is the error. It never throws.
   */
  readonly decode: (bytes: Uint8Array, options?: XmlOptions) => Result.Result<A, XmlError | SoapFault>
  /** Reads the message from its operation element. It throws an `XmlError`. */
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

/** Refuses a message. The error names the member that is wrong, but not its value. */
function refuseMessage(name: string, { issue }: Schema.SchemaError): never {
  const [first] = issuesOf(issue).issues
  const path = [name, ...(first?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key))]
  return refuse("invalid-value", path.join("/"), "expected a value that the message's schema admits")
}

/**
 * Whether this is the operation's element. In a response it may also have the name of the result. Both names may be
 * in any case.
 */
const isOperation = (written: string, name: string): boolean =>
  [name, name.replace(/Response$/u, "Result")].some((each) => foldedName(each) === foldedName(written))

/** Makes the codec of one message. `read` and `write` convert its fields. */
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
