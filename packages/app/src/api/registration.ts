import { DecisionResult } from "@loan-engine/adapters-xml/decision-result"
import { submissionEvents } from "@loan-engine/adapters-xml/loan-events"
import { submitApplicationExtResponse } from "@loan-engine/adapters-xml/submit-application-ext"
import { parseDecimal } from "@loan-engine/domain/decimal-text"
import { offerDecimals } from "@loan-engine/domain/offer"
import type { AccountName, Observation } from "@loan-engine/domain/observation"
import { Effect, Predicate, Result, Schema, SchemaIssue } from "effect"
import { jsonIn } from "./json-body.ts"
import type { Problem } from "./problem.ts"

/**
 * Reads the answer to a submission: the bank's own submitApplicationExt response as XML, or JSON with its members
 * (`applicationReference`, `decision`, and the offer's, if any). Both are kept as they came.
 */
export function submissionObservation(
  bytes: Uint8Array,
  contentType: string,
  account: AccountName,
  receivedAt: number,
): Effect.Effect<Observation, Problem> {
  const mediaType = contentType.split(";")[0]?.trim().toLowerCase() ?? ""
  const read = /^(?:text|application)\/(?:[a-z0-9.+-]+\+)?xml$/u.test(mediaType)
    ? readXml(bytes, contentType)
    : /^application\/(?:[a-z0-9.+-]+\+)?json$/u.test(mediaType)
      ? readJson(bytes)
      : Effect.fail(wrongType)
  return Effect.map(read, (result) => ({
    applicationReference: result.applicationReference,
    account,
    source: "submission",
    evidence: "bank",
    receivedAt,
    events: submissionEvents(result, receivedAt),
  }))
}

const wrongType: Problem = {
  code: "media-type-unsupported",
  detail: "Send the bank's answer as application/xml, or application/json.",
}

const malformed = (detail: string, field?: string): Problem => ({
  code: "submission-malformed",
  detail,
  ...(field === undefined ? {} : { field }),
})

function readXml(bytes: Uint8Array, contentType: string): Effect.Effect<DecisionResult, Problem> {
  const decoded = submitApplicationExtResponse.decode(bytes, { contentType })
  return Result.isSuccess(decoded)
    ? Effect.succeed(decoded.success)
    : Effect.fail(malformed(decoded.failure.message))
}

const decodeResult = Schema.decodeUnknownResult(DecisionResult)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

function readJson(bytes: Uint8Array): Effect.Effect<DecisionResult, Problem> {
  const parsed = jsonIn(bytes)
  if (Result.isFailure(parsed))
    return Effect.fail(malformed(`The body is not JSON in UTF-8: ${parsed.failure}.`))
  const body = parsed.success
  if (!Predicate.isObject(body)) return Effect.fail(malformed("The body must be a JSON object."))
  const { applicationReference: named, decision } = body
  const applicationReference = typeof named === "string" ? named.trim() : named
  const decoded = decodeResult({ applicationReference, decision, offer: offerOf(body) })
  if (Result.isSuccess(decoded)) return Effect.succeed(decoded.success)
  const [first] = issuesOf(decoded.failure.issue).issues
  const path = (first?.path ?? []).map(String).filter((key) => key !== "offer")
  return Effect.fail(malformed(`${path.join(".")}: ${first?.message ?? "unexpected value"}`, path.join(".")))
}

/** The offer's members, decimals in their canonical form; what is no decimal is left for the schema to refuse. */
function offerOf(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const offer: Record<string, unknown> = {}
  for (const name of offerDecimals) {
    const value = body[name]
    if (value !== undefined && value !== null) {
      offer[name] = (typeof value === "string" ? parseDecimal(value) : undefined) ?? value
    }
  }
  const { tenor } = body
  if (tenor !== undefined && tenor !== null) {
    const months = typeof tenor === "string" ? parseDecimal(tenor) : undefined
    offer["tenor"] = months === undefined ? tenor : Number(months)
  }
  if (body["documentTypes"] !== undefined) offer["documentTypes"] = body["documentTypes"]
  return offer
}
