import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"

/** How long the name of who erases, and the reason, may be. */
export const redactedByLengthMax = 200
export const redactionReasonLengthMax = 2_000

/** What is left of raw bodies that were erased: who did it, why, and up to which version of the loan. */
export const RedactionRecord = Schema.Struct({
  redaction: Schema.Struct({
    by: Schema.String.check(Schema.isBetweenLength(1, redactedByLengthMax)),
    reason: Schema.String.check(Schema.isBetweenLength(1, redactionReasonLengthMax)),
    upToVersion: Schema.Int.check(Schema.isGreaterThan(0)),
  }),
})
export type RedactionRecord = typeof RedactionRecord.Type

/** The record's bytes: the raw body of the operator's entry that stands for the redaction. */
export const redactionBytes = (record: RedactionRecord): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ redaction: { ...record.redaction } }))

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(RedactionRecord), {
  onExcessProperty: "error",
})

/** The record that these bytes are, if they are one. */
export const redactionRecord = (raw: Uint8Array): RedactionRecord | undefined =>
  Option.getOrUndefined(decode(new TextDecoder().decode(raw)))
