import { groupOf, secondsOverRate } from "@loan-engine/adapters-http/http/rate"
import { makeWarning } from "@loan-engine/adapters-http/telemetry/rare-warning"
import { Context, Effect, Layer, Metric } from "effect"
import type { HttpServerRequest } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import { wrongKeysCounter } from "../telemetry/metrics.ts"
import { unauthorized } from "./bearer-key.ts"
import { makeSourceOf } from "./source-address.ts"
import type { ForwardingSettings } from "./source-address.ts"
import type { Problem } from "../contract/problem.ts"

export const wrongKeyLimits = {
  wrongKeysPerSourceMax: limit(
    60,
    "how many wrong keys one address may send in a minute. Further requests get 429",
  ),
  wrongKeysPerMinuteMax: limit(
    1_000,
    "how many wrong keys all addresses together may send in a minute. Further requests get 429",
  ),
}
export type WrongKeyLimits = LimitsOf<typeof wrongKeyLimits>

const windowMs = 60_000

/** Sources are counted in this many groups, so that a flood from many addresses uses no extra memory. */
const sourceGroups = 1_024

/**
 * The answer to a request with a wrong key. It is 401, or 429 if its source sent too many wrong keys, or all sources
 * together did. A request with a right key is never delayed, because behind a proxy all requests may have the same
 * source.
 */
export class WrongKeys extends Context.Service<
  WrongKeys,
  { readonly problem: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Problem> }
>()("@loan-engine/app/WrongKeys") {
  static readonly layer = (limits: WrongKeyLimits, forwarding: ForwardingSettings): Layer.Layer<WrongKeys> =>
    Layer.effect(WrongKeys, makeWrongKeys(limits, forwarding)).pipe(
      Layer.provide(RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))),
    )
}

const makeWrongKeys = Effect.fnUntraced(function* (limits: WrongKeyLimits, forwarding: ForwardingSettings) {
  const sourceOf = makeSourceOf(forwarding)
  const limiter = yield* RateLimiter.RateLimiter
  const warn = makeWarning("a request had a wrong key", "wrongKeys")
  const isOver = (key: string, limit: number): Effect.Effect<boolean> =>
    Effect.map(
      secondsOverRate(limiter, { algorithm: "fixed-window", window: windowMs, limit, key }),
      (waitSeconds) => waitSeconds > 0,
    )
  return {
    problem: Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
      const source = sourceOf(request)
      yield* Metric.update(wrongKeysCounter.of({}), 1)
      yield* warn({ source })
      const over = [
        yield* isOver(`wrong keys of source ${groupOf(source, sourceGroups)}`, limits.wrongKeysPerSourceMax),
        yield* isOver("wrong keys", limits.wrongKeysPerMinuteMax),
      ]
      return over.includes(true) ? tooMany : unauthorized
    }),
  }
})

const tooMany: Problem = {
  code: "rate-limited",
  detail: "Too many requests with a wrong key came from this address. Send the right key, or wait a minute.",
  headers: { "retry-after": String(windowMs / 1_000) },
}
