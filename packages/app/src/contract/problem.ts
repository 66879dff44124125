import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { ReadRefused } from "../ports/read-turns.ts"
import { problems, problemType } from "./problems.ts"
import type { ProblemCode, ProblemDocument } from "./problems.ts"

/**
 * An error of the API's caller, or something that the engine cannot do now. It is sent as a problem document (RFC
 * 9457).
 */
export interface Problem {
  readonly code: ProblemCode
  readonly detail: string
  /** The wrong parameter, or the wrong member of the body. */
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

/** How many seconds a caller should wait after a 503. */
export const retryAfterSeconds = 5

export const storeUnavailable: Problem = {
  code: "store-unavailable",
  detail: "The store is not available now. Send the request again: a repeated request is not recorded twice.",
  headers: { "retry-after": String(retryAfterSeconds) },
}

/** The problem of a read that got no turn. */
export const readRefused = ({ message }: ReadRefused): Problem => ({
  code: "reads-exhausted",
  detail: `Too many lists, histories and counts are being read: ${message}. Send the request again later.`,
  headers: { "retry-after": String(retryAfterSeconds) },
})

/** Runs a handler. The answer is its result, or the problem with which it fails. */
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

/**
 * Logs a defect with the route and the loan. Other parts of the path come from the caller, so they are not logged.
 */
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
