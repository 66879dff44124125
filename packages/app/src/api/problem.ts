import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

/** What a caller of the API did wrong, or what we cannot do now, as a problem document (RFC 9457). */
export interface Problem {
  readonly status: number
  /** Stable; what a program may branch on. */
  readonly code: string
  readonly title: string
  readonly detail: string
  /** The member of the body that is at fault. */
  readonly field?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const problemResponse = ({ headers, ...problem }: Problem): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify({ type: `urn:loan-engine:api:${problem.code}`, ...problem }), {
    status: problem.status,
    contentType: "application/problem+json",
    ...(headers === undefined ? {} : { headers }),
  })

/** How soon a caller should try again after a 503, in seconds. */
export const retryAfterSeconds = 5

export const storeUnavailable: Problem = {
  status: 503,
  code: "store-unavailable",
  title: "Not now",
  detail:
    "The store cannot take this just now: try again. What was written all the same is found to be a repeat.",
  headers: { "retry-after": String(retryAfterSeconds) },
}

/** Runs a handler that fails with problems, and answers with either. */
export const answering = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, Problem, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  handler.pipe(
    Effect.catch((problem) => Effect.succeed(problemResponse(problem))),
    Effect.catchDefect((defect) =>
      Effect.logError("a request failed by a defect", defect).pipe(
        annotatedWithRoute,
        Effect.as(
          problemResponse({
            status: 500,
            code: "internal-error",
            title: "Internal error",
            detail: "This is a defect of the loan engine. It has been logged.",
          }),
        ),
      ),
    ),
  )

/** Says which route it was, and of which loan; what else stands in a path is the caller's. */
const annotatedWithRoute = (log: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.flatMap(Effect.serviceOption(HttpRouter.RouteContext), (context) => {
    if (Option.isNone(context)) return log
    const { params, route } = context.value
    const { reference } = params
    return Effect.annotateLogs(log, {
      route: route.path,
      ...(isReference(reference) ? { applicationReference: reference } : {}),
    })
  })

const isReference = Schema.is(ApplicationReference)
