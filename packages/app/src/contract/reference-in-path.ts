import { ApplicationReference, applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { Schema, SchemaTransformation } from "effect"

/** The two texts that no path can carry, and the same with the mark in front that lets it: each mark more stands for itself. */
const dots = /^~*\.{1,2}$/u
const markedDots = /^~+\.{1,2}$/u

const marked = (reference: string): string => (dots.test(reference) ? `~${reference}` : reference)

/** As long as any reference, and the mark before it. */
const Segment = Schema.String.check(Schema.isBetweenLength(1, applicationReferenceLengthMax + 1))

/**
 * An application reference as a segment of a path. Every client resolves `.` and `..`, also when they are percent-encoded, so
 * these two have a mark in front: `~.` and `~..`. Every other reference is written as it is.
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
