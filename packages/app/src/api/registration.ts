import { isJsonObject, memberOf, parseJson } from "@loan-engine/adapters-http/message/json"
import { referenceIn } from "@loan-engine/adapters-http/message/message"
import { plainOffer, readOffer } from "@loan-engine/adapters-http/message/plain"
import { shapedLikeBank } from "@loan-engine/adapters-http/message/shape"
import type { DecisionResult } from "@loan-engine/adapters-xml/decision-result"
import { readBankDecision } from "@loan-engine/adapters-xml/decision-result"
import { submissionEvents } from "@loan-engine/adapters-xml/loan-events"
import { submitApplicationExtResponse } from "@loan-engine/adapters-xml/submit-application-ext"
import { DetailReader } from "@loan-engine/domain/detail"
import type { AccountName, Observation } from "@loan-engine/domain/observation"
import { Effect, Result } from "effect"
import type { Problem } from "../contract/problem.ts"

/**
 * Reads the answer to a submission. It is the bank's submitApplicationExt response as XML, or JSON with the members
 * of that response: `applicationReference`, `decision`, and the offer's members. The original bytes are kept.
 */
export function submissionObservation(
  bytes: Uint8Array,
  contentType: string,
  account: AccountName,
  receivedAt: number,
): Effect.Effect<Observation, Problem> {
  const mediaType = contentType.split(";")[0]?.trim().toLowerCase() ?? ""
  const read = /^(?:(?:text|application)\/(?:[a-z0-9.+-]+\+)?xml|multipart\/related)$/u.test(mediaType)
    ? readXml(bytes, contentType)
    : /^application\/(?:[a-z0-9.+-]+\+)?json$/u.test(mediaType)
      ? readJson(bytes)
      : Effect.fail(wrongType)
  return Effect.map(read, (result) => ({
    applicationReference: result.applicationReference,
    account,
    source: "submission",
    evidence: "merchant",
    receivedAt,
    ...(result.leftOut === undefined ? {} : { leftOut: result.leftOut }),
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

/**
 * Reads the JSON form. Details are read as in a callback: an amount from its source text, and an ambiguous detail is
 * left out. But a member that occurs twice is refused, because the merchant's own service writes this body.
 */
function readJson(bytes: Uint8Array): Effect.Effect<DecisionResult, Problem> {
  const parsed = parseJson(bytes)
  if (Result.isFailure(parsed))
    return Effect.fail(malformed(`The body is not JSON in UTF-8: ${parsed.failure.message}.`))
  const body = shapedLikeBank(parsed.success)
  if (!isJsonObject(body)) return Effect.fail(malformed("The body must be a JSON object."))
  const applicationReference = referenceIn(memberOf(body, "applicationReference"))
  if (applicationReference === undefined) {
    const field = "applicationReference"
    return Effect.fail(malformed(`${field}: expected the bank's reference as text`, field))
  }
  const details = new DetailReader()
  const word = memberOf(body, "decision")
  const decision = (typeof word === "string" ? readBankDecision(word) : undefined) ?? null
  if (decision === null) details.leaveOut("decision")
  const offer = readOffer(plainOffer(body), details)
  return Effect.succeed({ applicationReference, decision, offer, ...details.leftOut })
}
