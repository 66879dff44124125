import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"

/**
 * All problems of the API (RFC 9457). A code never changes, so programs may branch on it. A problem never repeats a
 * value that the caller sent.
 */
export const problems = {
  "request-invalid": { status: 400, title: "The request does not fit this route" },
  "submission-malformed": { status: 400, title: "Not the answer to a submission" },
  "body-unreadable": { status: 400, title: "Unreadable body" },
  "account-unknown": { status: 400, title: "No such account" },
  unauthorized: { status: 401, title: "Unauthorized" },
  "scope-missing": { status: 403, title: "The key lacks the scope" },
  "loan-unknown": { status: 404, title: "No such loan" },
  "route-unknown": { status: 404, title: "No such route" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "not-acceptable": { status: 406, title: "Not acceptable" },
  "account-mismatch": { status: 409, title: "The loan belongs to another account" },
  "registration-mismatch": { status: 409, title: "The loan is registered with another answer" },
  "external-reference-mismatch": { status: 409, title: "The loan has another external reference" },
  "closing-refused": { status: 409, title: "The loan cannot be closed or reopened now" },
  "ruling-refused": { status: 409, title: "The ruling does not fit the loan" },
  "cursor-unknown": { status: 410, title: "No such place in the feed" },
  "loan-moved": { status: 412, title: "The loan has moved on" },
  "body-too-large": { status: 413, title: "Body too large" },
  "media-type-unsupported": { status: 415, title: "Unsupported media type" },
  "rate-limited": { status: 429, title: "Too many requests" },
  "internal-error": { status: 500, title: "Internal error" },
  "bank-unanswered": { status: 502, title: "The bank did not answer" },
  "store-unavailable": { status: 503, title: "The store is not available" },
  "reads-exhausted": { status: 503, title: "Too many reads" },
  "console-unbuilt": { status: 503, title: "The console is not built" },
  "streams-exhausted": { status: 503, title: "Too many streams" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>

export type ProblemCode = keyof typeof problems

/** The `type` of a problem document. The code identifies it too, so there is no page behind it. */
export const problemType = (code: ProblemCode): string => `urn:loan-engine:api:${code}`

/** A problem document in JSON. */
const problemBody = <Codes extends ReadonlyArray<ProblemCode>>(status: number, codes: Codes) =>
  Schema.Struct({
    type: Schema.Literals(codes.map(problemType)),
    status: Schema.Literal(status),
    /** The code never changes, so programs may branch on it. */
    code: Schema.Literals(codes),
    title: Schema.String,
    detail: Schema.String,
    /** The wrong parameter, or the wrong member of the body. */
    field: Schema.optionalKey(Schema.String),
  })
    .annotate({ description: codes.map((code) => problems[code].title).join("; ") })
    .pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType: "application/problem+json" }))

/** Any problem document of the API, with any status. */
export interface ProblemDocument {
  readonly type: string
  readonly status: number
  readonly code: ProblemCode
  readonly title: string
  readonly detail: string
  readonly field?: string
}

/** The schemas of problems that a route may answer with, one for each status. */
export function problemSchemas(...codes: ReadonlyArray<ProblemCode>): ReadonlyArray<ProblemSchema> {
  const statuses = new Set(codes.map((code) => problems[code].status))
  return [...statuses]
    .toSorted((a, b) => a - b)
    .map((status) =>
      problemBody(
        status,
        codes.filter((code) => problems[code].status === status),
      ),
    )
}
type ProblemSchema = ReturnType<typeof problemBody<ReadonlyArray<ProblemCode>>>
