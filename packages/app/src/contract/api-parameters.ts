import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { Schema, SchemaTransformation } from "effect"
import { cursorPattern } from "../journal/feed-cursor.ts"
import { pageLoansMax } from "./loan-schemas.ts"

const Flag = Schema.Literals(["true", "false"]).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform({
      decode: (text) => text === "true",
      encode: (flag): "true" | "false" => (flag ? "true" : "false"),
    }),
  ),
)
/** `true` or `false` in a query, or absent. */
export const flag = Schema.optionalKey(Flag)

/** A whole number in a query or header. */
const whole = (pattern: RegExp, message: string) =>
  Schema.String.check(Schema.isPattern(pattern, { message })).pipe(
    Schema.decodeTo(Schema.Natural, SchemaTransformation.transform({ decode: Number, encode: String })),
  )
export const Limit = whole(
  /^(?:[1-9][0-9]?|[1-4][0-9]{2}|500)$/u,
  `expected a whole number from 1 to ${pageLoansMax}`,
)
/** A loan's version in a query. */
export const Version = whole(/^(?:0|[1-9][0-9]{0,8})$/u, "expected a version: a whole number from 0 up")
/** A place in the feed, in a query or header. */
export const Cursor = Schema.String.check(
  Schema.isPattern(cursorPattern, { message: "expected the id of an event, or a position in the feed" }),
)

/** The beginning of an application reference. */
export const ReferencePrefix = Schema.String.check(
  Schema.isMaxLength(applicationReferenceLengthMax),
  Schema.isPattern(/^[^\p{Cc}\p{Cs}]*$/u, { message: "expected text without control characters" }),
)
