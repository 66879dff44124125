import { Schema } from "effect"

/**
 * Why a document was refused, as a stable code. `too-*` and `encoding` are about the bytes. `doctype` to `invalid-name`
 * are about the XML in them. The others are about the message that was expected.
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

/** How much of a path, and of an unexpected value, an error may quote. */
export const errorPathLengthMax = 300
export const errorExcerptLengthMax = 40

/**
 * The document is not what was expected. `path` names the element (`getApplicationStatusResponse/paidOut`; empty for
 * the whole document), and `message` says what was expected there. Neither ever contains a payload. A short excerpt is
 * quoted only if the bank's documentation allows just a few fixed words there.
 */
export class XmlError extends Schema.TaggedError<XmlError>()("XmlError", {
  reason: XmlErrorReason,
  path: Schema.String,
  message: Schema.String,
}) {}

/** Refuses the document. Only the readers in this package throw; every public decoder returns a `Result`. */
export function refuse(reason: XmlErrorReason, path: string, message: string): never {
  const place = path.length > errorPathLengthMax ? `…${path.slice(-errorPathLengthMax)}` : path
  throw new XmlError({
    reason,
    path: place,
    message: place === "" ? message : `${place}: ${message}`,
  })
}

/** The beginning of a value, quoted, with control characters escaped, so that a log line stays one line. */
export function excerpt(value: string): string {
  const shown = value.length > errorExcerptLengthMax ? `${value.slice(0, errorExcerptLengthMax)}…` : value
  return JSON.stringify(shown)
}
