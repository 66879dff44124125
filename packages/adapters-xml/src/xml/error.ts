import { Schema } from "effect"

/**
 * Why a document was refused. The codes never change. `too-*` and `encoding` are about the bytes. `doctype` to
 * `invalid-name` are about the XML. The others are about the message.
 */
export const XmlErrorReason = Schema.Literals([
  "too-large",
  "too-deep",
  "too-many-nodes",
  "too-many-attributes",
  "name-too-long",
  "encoding",
  "doctype",
  "malformed",
  "invalid-character",
  "invalid-reference",
  "duplicate-attribute",
  "unbound-prefix",
  "invalid-name",
  "header-not-understood",
  "unexpected-element",
  "unexpected-text",
  "missing-element",
  "duplicate-element",
  "invalid-value",
])
export type XmlErrorReason = typeof XmlErrorReason.Type

/** The largest length of a path, and of an unexpected value, in an error. */
export const errorPathLengthMax = 300
export const errorExcerptLengthMax = 40

/**
 * The document is not what was expected. `path` names the element (`getApplicationStatusResponse/paidOut`; empty for
 * the whole document). `message` says what was expected there. Neither contains what was sent, with one exception:
 * where the bank documents only a few fixed words, the message contains a short excerpt.
 */
export class XmlError extends Schema.TaggedError<XmlError>()("XmlError", {
  reason: XmlErrorReason,
  path: Schema.String,
  message: Schema.String,
}) {}

/**
 * Refuses the document by throwing an `XmlError`. Only the readers in this package throw; every public decoder
 * returns a `Result`.
 */
export function refuse(reason: XmlErrorReason, path: string, message: string): never {
  const place = path.length > errorPathLengthMax ? `…${path.slice(-errorPathLengthMax)}` : path
  throw new XmlError({
    reason,
    path: place,
    message: place === "" ? message : `${place}: ${message}`,
  })
}

/** The beginning of a value in quotation marks. Control characters are escaped, so that a log line stays one line. */
export function excerpt(value: string): string {
  const shown = value.length > errorExcerptLengthMax ? `${value.slice(0, errorExcerptLengthMax)}…` : value
  return JSON.stringify(shown)
}
