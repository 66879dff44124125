import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { Option, Schema } from "effect"

/** The maximum lengths of the reason for a redaction, and of the name of the person who orders it. */
export const redactedByLengthMax = 200
export const redactionReasonLengthMax = 2_000

/** The record of a redaction: who erased the raw bodies, why, and up to which version of the loan. */
export const RedactionRecord = Schema.Struct({
  redaction: Schema.Struct({
    by: Schema.String.check(Schema.isBetweenLength(1, redactedByLengthMax)),
    reason: Schema.String.check(Schema.isBetweenLength(1, redactionReasonLengthMax)),
    upToVersion: Schema.Int.check(Schema.isGreaterThan(0)),
  }),
})
export type RedactionRecord = typeof RedactionRecord.Type

/** The record as bytes. They are the raw body of the operator's entry for the redaction. */
export const redactionBytes = (record: RedactionRecord): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ redaction: { ...record.redaction } }))

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(RedactionRecord), {
  onExcessProperty: "error",
})

/** Reads a redaction record. `undefined` if the bytes are no such record. */
export const redactionRecord = (raw: Uint8Array): RedactionRecord | undefined =>
  Option.getOrUndefined(decode(new TextDecoder().decode(raw)))
