import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { problems, problemType } from "./problems.ts"
import type { ProblemCode, ProblemDocument } from "./problems.ts"

/**
 * An error of the API's caller, or something that the engine cannot do now. It becomes a problem document (RFC 9457).
 */
export interface Problem {
  readonly code: ProblemCode
  readonly detail: string
  /** The wrong member of the body, or the wrong parameter. */
  readonly field?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The document that is sent for a problem. */
export const problemDocument = ({ code, detail, field }: Problem): ProblemDocument => {
  const { status, title } = problems[code]
  return { type: problemType(code), status, code, title, detail, ...(field === undefined ? {} : { field }) }
}

export const problemResponse = (problem: Problem): HttpServerResponse.HttpServerResponse => {
  const document = problemDocument(problem)
  return HttpServerResponse.text(JSON.stringify(document), {
    status: document.status,
    contentType: "application/problem+json",
    headers: { "cache-control": "no-store", ...problem.headers },
  })
}

/** After how many seconds a caller should retry after a 503. */
export const retryAfterSeconds = 5

export const storeUnavailable: Problem = {
  code: "store-unavailable",
  detail:
    "The store is not available now: retry. Retrying is safe: a repeated request is not recorded twice.",
  headers: { "retry-after": String(retryAfterSeconds) },
}

/** Runs a handler that may fail with a problem. Answers with the result or the problem. */
export const answering = <A, R>(
  handler: Effect.Effect<A, Problem, R>,
): Effect.Effect<A | HttpServerResponse.HttpServerResponse, never, R> =>
  handler.pipe(
    Effect.catch((problem) => Effect.succeed(problemResponse(problem))),
    Effect.catchDefect((defect) => Effect.as(logDefect(defect), problemResponse(internalError))),
  )

const internalError: Problem = {
  code: "internal-error",
  detail: "This is a defect of the loan engine. It has been logged.",
}

/** Names the route and the loan. Other parts of a path come from the caller and are left out. */
const logDefect = (defect: unknown): Effect.Effect<void> =>
  Effect.flatMap(Effect.serviceOption(HttpRouter.RouteContext), (context) => {
    const log = Effect.logError("a request failed by a defect", defect)
    if (Option.isNone(context)) return log
    const { params, route } = context.value
    const { reference } = params
    return Effect.annotateLogs(log, {
      route: route.path,
      ...(isReference(reference) ? { applicationReference: reference } : {}),
    })
  })

const isReference = Schema.is(ApplicationReference)
