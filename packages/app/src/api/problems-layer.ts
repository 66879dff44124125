import { Duration, Effect, Layer, Metric, SchemaAST } from "effect"
import type { Schema } from "effect"
import type { HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { didYouMean } from "../base/nearest.ts"
import { apiRequestDuration, apiRequestsCounter } from "../telemetry/metrics.ts"
import { Problems } from "../contract/api-contract.ts"
import type { Problem } from "../contract/problem.ts"
import { answering } from "../contract/problem.ts"
import { misfit } from "../contract/misfit.ts"

/** Turns every failure of a request into a problem document. A defect is logged without any text from the request. */
export const problemsLayer = Layer.succeed(Problems, (handler, { endpoint }) =>
  answering(
    Effect.catch(handler, (error): Effect.Effect<HttpServerResponse.HttpServerResponse, Problem> => {
      if (!HttpApiError.HttpApiSchemaError.is(error)) return Effect.die(error)
      // The engine's answer does not match its own description. That is a defect, for any request.
      if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.die(error)
      const names = error.kind === "Query" ? fieldsOf(endpoint.query) : undefined
      const place = `The ${places[error.kind]}`
      return Effect.fail(misfit(error.cause, place, "request-invalid", (name) => notKnown(name, names)))
    }),
  ).pipe(measured(endpoint.identifier)),
)

/** Counts each call, and measures how long it takes until the status and the headers of the answer are known. */
const measured =
  (call: string) =>
  <E, R>(answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
    Effect.tap(Effect.timed(answer), ([taken, { status }]) =>
      Effect.andThen(
        Metric.update(apiRequestsCounter.of({ call, status: String(status) }), 1),
        Metric.update(apiRequestDuration.of({ call }), Duration.toSeconds(taken)),
      ),
    ).pipe(Effect.map(([, response]) => response))

const places = {
  Params: "path",
  Headers: "headers",
  Query: "query",
  Payload: "body",
} as const

/** The names that a query may have. `undefined` if the query has no named members. */
const fieldsOf = (query: Schema.Top | undefined): ReadonlyArray<string> | undefined =>
  query !== undefined && SchemaAST.isObjects(query.ast)
    ? query.ast.propertySignatures.map(({ name }) => String(name))
    : undefined

/** The text about an unknown name, with the most similar known name. `undefined` if the name is known. */
const notKnown = (name: string, names: ReadonlyArray<string> | undefined): string | undefined =>
  names === undefined || names.includes(name.split(".")[0] ?? "")
    ? undefined
    : `${name} is not known.${didYouMean(name, names)}`
