import { ApplicationReference, applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { Schema, SchemaTransformation } from "effect"

/** `.` and `..`, which no path can contain, with or without marks before them. */
const dots = /^~*\.{1,2}$/u
const markedDots = /^~+\.{1,2}$/u

const marked = (reference: string): string => (dots.test(reference) ? `~${reference}` : reference)

/** The maximum length: the longest reference, and one mark. */
const Segment = Schema.String.check(Schema.isBetweenLength(1, applicationReferenceLengthMax + 1))

/**
 * An application reference as a segment of a path. Every client resolves the segments `.` and `..`, even
 * percent-encoded. So these two references get a mark: `~.` and `~..`. A reference that looks like a marked one gets
 * one more mark. Any other reference is unchanged.
 */
export const ReferenceInPath = Segment.pipe(
  Schema.decodeTo(
    ApplicationReference,
    SchemaTransformation.transform({
      decode: (segment): string => (markedDots.test(segment) ? segment.slice(1) : segment),
      encode: marked,
    }),
  ),
)

/** The path of a loan in the API. */
export const loanPath = (reference: string): string => `/v1/loans/${encodeURIComponent(marked(reference))}`
