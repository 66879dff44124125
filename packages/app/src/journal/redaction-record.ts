import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"

/** The maximum length of the reason, and of the name of the person who erases. */
export const redactedByLengthMax = 200
export const redactionReasonLengthMax = 2_000

/** The record of erased raw bodies: who erased them, why, and up to which version of the loan. */
export const RedactionRecord = Schema.Struct({
  redaction: Schema.Struct({
    by: Schema.String.check(Schema.isBetweenLength(1, redactedByLengthMax)),
    reason: Schema.String.check(Schema.isBetweenLength(1, redactionReasonLengthMax)),
    upToVersion: Schema.Int.check(Schema.isGreaterThan(0)),
  }),
})
export type RedactionRecord = typeof RedactionRecord.Type

/** The record's bytes: the raw body of the operator's entry for the redaction. */
export const redactionBytes = (record: RedactionRecord): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ redaction: { ...record.redaction } }))

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(RedactionRecord), {
  onExcessProperty: "error",
})

/** The record in these bytes, if they are one. */
export const redactionRecord = (raw: Uint8Array): RedactionRecord | undefined =>
  Option.getOrUndefined(decode(new TextDecoder().decode(raw)))
