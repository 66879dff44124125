import { secondsOverRate } from "@loan-engine/adapters-http/http/rate"
import type { Rate } from "@loan-engine/adapters-http/http/rate"
import { Context, Effect, Layer, Redacted } from "effect"
import { HttpServerRequest } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { RateLimiter } from "effect/persistence"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import type { ApiKey } from "./api-keys.ts"
import { findKey } from "./api-keys.ts"
import { Access, Produces, RequiredScope } from "../contract/api-contract.ts"
import type { Problem } from "../contract/problem.ts"
import { problemResponse } from "../contract/problem.ts"
import { WrongKeys, wrongKeyLimits } from "./wrong-keys.ts"

export const accessLimits = {
  apiRequestsPerSecondMax: limit(500, "how many requests one key may make in a second"),
  // The bank's longest answer is under two kilobytes, so this is ample.
  apiBodyBytesMax: limit(262_144, "the largest size of a request's body"),
  ...wrongKeyLimits,
}
export type AccessLimits = LimitsOf<typeof accessLimits>

/** The key of a request. `undefined` if the route needs none. */
export const CurrentKey = Context.Reference<ApiKey | undefined>("@loan-engine/app/CurrentKey", {
  defaultValue: () => undefined,
})

/** Access control. An unknown key gets 401, a key without the route's scope 403, and a key over its rate 429. */
export const accessLayer = (
  keys: ReadonlyArray<ApiKey>,
  limits: AccessLimits,
): Layer.Layer<Access, never, WrongKeys> =>
  Layer.effect(
    Access,
    Effect.map(Effect.all([RateLimiter.RateLimiter, WrongKeys]), ([limiter, wrong]) => ({
      key: Effect.fnUntraced(function* (handler, { credential, endpoint }) {
        const key = findKey(keys, Redacted.value(credential))
        if (key === undefined) {
          return problemResponse(yield* wrong.problem(yield* HttpServerRequest.HttpServerRequest))
        }
        const scope = Context.getUnsafe(endpoint.annotations, RequiredScope)
        if (!key.scopes.has(scope)) return problemResponse(scopeMissing(scope))
        const waitSeconds = key.unmetered === true ? 0 : yield* secondsOverRate(limiter, rateOf(key, limits))
        if (waitSeconds > 0) return problemResponse(rateLimited(limits, waitSeconds))
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const produced = mediaTypeOf(endpoint)
        if (!accepts(headers["accept"], produced)) return problemResponse(notAcceptable(produced))
        return yield* Effect.annotateLogs(Effect.provideService(handler, CurrentKey, key), {
          apiKey: key.name,
        })
      }),
    })),
  ).pipe(Layer.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))))

const rateOf = ({ name }: ApiKey, { apiRequestsPerSecondMax }: AccessLimits): Rate => ({
  algorithm: "token-bucket",
  window: "1 second",
  limit: apiRequestsPerSecondMax,
  key: `requests by ${name}`,
})

const mediaTypeOf = ({ annotations }: HttpApiEndpoint.Top): string => Context.get(annotations, Produces)

/** Whether the header `Accept` allows our media type. Without the header, every type is allowed. */
function accepts(accept: string | undefined, produced: string): boolean {
  if (accept === undefined || accept.trim() === "") return true
  const [type = ""] = produced.split("/")
  return accept.split(",").some((range) => {
    const [media = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
    if (parameters.some((parameter) => /^q=0(?:\.0{0,3})?$/u.test(parameter))) return false
    return media === "*/*" || media === `${type}/*` || media === produced
  })
}

const scopeMissing = (scope: string): Problem => ({
  code: "scope-missing",
  detail: `This route needs a key with the scope ${scope}.`,
})

const rateLimited = (limits: AccessLimits, seconds: number): Problem => ({
  code: "rate-limited",
  detail: `One key may make ${limits.apiRequestsPerSecondMax} requests a second.`,
  headers: { "retry-after": String(seconds) },
})

const notAcceptable = (produced: string): Problem => ({
  code: "not-acceptable",
  detail: `This route answers with ${produced}.`,
  field: "accept",
})
