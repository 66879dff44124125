import { ApplicationReference, applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { Schema, SchemaTransformation } from "effect"

/** The two texts that no path can contain, alone or after marks. Each further mark stands for itself. */
const dots = /^~*\.{1,2}$/u
const markedDots = /^~+\.{1,2}$/u

const marked = (reference: string): string => (dots.test(reference) ? `~${reference}` : reference)

/** The length of the longest reference, plus the mark. */
const Segment = Schema.String.check(Schema.isBetweenLength(1, applicationReferenceLengthMax + 1))

/**
 * An application reference as a segment of a path. Every client resolves `.` and `..`, even percent-encoded, so these
 * two get a mark before them: `~.` and `~..`. Any other reference is written unchanged.
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
