import { Effect, Layer } from "effect"
import type { EngineConfig } from "../config/config.ts"
import { HttpListener, listen } from "../serve/listener.ts"

import { engineServices } from "./services.ts"
import { makeEngineHttp } from "./http.ts"

/** The whole engine behind HTTP: store, engine, poller, callback receiver, API. */
export const engineServer = (config: EngineConfig) =>
  Layer.effect(HttpListener, serve(config)).pipe(Layer.provideMerge(engineServices(config)))

const serve = Effect.fnUntraced(function* (config: EngineConfig) {
  const { host, port, pathPrefix, serverLimits: limits } = config
  const { listener: handler, drain } = yield* makeEngineHttp(config)
  const listener = yield* listen({ host, port, limits, handler })
  // Finalizers run in reverse order. So a stop reports "not ready" before it closes the listener.
  yield* Effect.addFinalizer(() => drain)
  return { url: listener.url + pathPrefix }
})
