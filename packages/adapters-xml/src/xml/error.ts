import { Schema } from "effect"

/**
 * Why a document was refused: a stable code. `too-*` and `encoding` speak of the bytes, `doctype` to
 * `invalid-name` of the XML in them, and the rest of the message that was expected in it.
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

/** How much of a path, and of a value that was not expected, an error may quote. */
export const errorPathLengthMax = 300
export const errorExcerptLengthMax = 40

/**
 * A document that is not what it should be. `path` names the element (`getApplicationStatusResponse/paidOut`;
 * empty for the document as a whole), and `message` says what was expected there. Neither ever holds a
 * payload: a short excerpt is quoted only where the bank's documentation allows a few fixed words.
 */
export class XmlError extends Schema.TaggedError<XmlError>()("XmlError", {
  reason: XmlErrorReason,
  path: Schema.String,
  message: Schema.String,
}) {}

/**
 * Refuses the document. Only {@link XmlError}'s own readers throw; every public decoder turns it into a
 * `Result`.
 */
export function refuse(reason: XmlErrorReason, path: string, message: string): never {
  const place = path.length > errorPathLengthMax ? `…${path.slice(-errorPathLengthMax)}` : path
  throw new XmlError({
    reason,
    path: place,
    message: place === "" ? message : `${place}: ${message}`,
  })
}

/** A value's beginning, quoted, with control characters escaped, so that a log line stays one line. */
export function excerpt(value: string): string {
  const shown = value.length > errorExcerptLengthMax ? `${value.slice(0, errorExcerptLengthMax)}…` : value
  return JSON.stringify(shown)
}
