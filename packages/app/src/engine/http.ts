import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type { IncomingMessage, ServerResponse } from "node:http"
import { guardedHeaders } from "@loan-engine/adapters-http/http/answer-headers"
import { bodyConsumed } from "@loan-engine/adapters-http/callback/answer"
import { callbackAccount } from "@loan-engine/adapters-http/callback/path"
import { keptBody, serveCallback } from "@loan-engine/adapters-http/callback/node"
import { handleCallback, webAnswer } from "@loan-engine/adapters-http/callback/web"
import { Effect, Layer, Scope } from "effect"
import { HttpEffect, HttpRouter } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { problemDocument } from "../contract/problem.ts"
import { operatorRoutes } from "../serve/operator-routes.ts"
import { WrongKeys } from "../access/wrong-keys.ts"
import { consoleRoutes } from "../api/console-routes.ts"
import { apiRoutes, completeApp, routerConfig } from "../api/api-routes.ts"
import { ChangeFeed } from "../feed/change-feed.ts"
import { watchCallbacks } from "../callbacks/callback-watch.ts"
import type { EngineConfig } from "../config/config.ts"
import { callbackReceiver } from "./callback-receiver.ts"
import { isOurs, targetOf } from "./mounted.ts"
import type { EngineListener } from "./mounted.ts"
import { hasUnclearHost } from "../serve/listener.ts"
import { databaseWeaknesses } from "../store/database.ts"
import type { ServerLimits } from "../serve/limits.ts"
import { belowPrefix, callbackBelowPrefix } from "../base/path-prefix.ts"
import { makeReadiness } from "../serve/readiness.ts"
import type { Readiness } from "../serve/readiness.ts"

/** The engine's HTTP handlers, for any server. */
export interface EngineHttp {
  /** Whether a request is for the engine. A middleware uses this. */
  readonly serves: (request: IncomingMessage) => boolean
  /** Handles every route, for node:http and frameworks on top of it. */
  readonly listener: EngineListener
  /** Handles every route, in the web-standard form. */
  readonly handle: (request: Request) => Promise<Response>
  /** Handles the callbacks of one account, on any path. */
  readonly handleCallback: (account: string, request: Request) => Promise<Response>
  /** Reports "not ready", waits until load balancers have noticed, and ends every stream of changes. */
  readonly drain: Effect.Effect<void>
}

/** Makes the engine's HTTP handlers. Callbacks go directly to the receiver; other requests go through the router. */
export const makeEngineHttp = Effect.fnUntraced(function* (config: EngineConfig) {
  const { api, serverLimits, telemetry, pathPrefix } = config
  const accounts = config.accounts.map(({ name }) => name)
  const weaknesses = yield* databaseWeaknesses(config.database, config.sealing.anchorsFile)
  for (const weakness of weaknesses) yield* Effect.logWarning(`the store is weak: ${weakness}`)
  const readiness = yield* makeReadiness(serverLimits.readyMsMax, weaknesses.length > 0)
  const receiver = yield* callbackReceiver(config)
  yield* watchCallbacks(config.callbackHealth, accounts, receiver.rejections)
  const feed = yield* ChangeFeed
  const routes = Layer.mergeAll(
    apiRoutes({ ...api, accounts, pathPrefix, callbackHealth: config.callbackHealth }),
    operatorRoutes({ readiness, apiKeys: api.apiKeys, accounts, metrics: telemetry.metrics }),
    consoleRoutes(api.consoleEnabled),
  ).pipe(Layer.provide(WrongKeys.layer(api.accessLimits, api.forwarding)))
  const router = yield* Effect.provideContext(HttpRouter.toHttpEffect(routes), routerConfig)
  const app = completeApp(router, api.corsOrigins, pathPrefix)
  // This scope is made before any listener. So a stop lets requests finish first, and interrupts the rest later.
  const requests = yield* Scope.fork(yield* Effect.scope)
  const routed = yield* NodeHttpServer.makeHandler(app, { scope: requests })
  const routedWeb = HttpEffect.toWebHandlerWith<never, Scope.Scope | HttpServerRequest.HttpServerRequest>(
    yield* Effect.context(),
  )(app)
  const below = belowPrefix(pathPrefix)
  const callbackBelow = callbackBelowPrefix(pathPrefix)
  const serves = (request: IncomingMessage): boolean => {
    const target = targetOf(request)
    return callbackAccount(callbackBelow(target) ?? "") !== undefined || isOurs(below(target) ?? "")
  }
  const http: EngineHttp = {
    serves,
    listener: (request, response, next) => {
      if (next !== undefined && !serves(request)) return next()
      const target = targetOf(request)
      const account = callbackAccount(callbackBelow(target) ?? "")
      const isKept = account !== undefined && keptBody(request) !== undefined
      if (hasUnclearHost(request)) answerUnclearHost(response)
      else if (request.readableDidRead && !isKept) answerConsumed(response)
      else if (account !== undefined) serveCallback(receiver, account, request, response)
      else {
        // No route has the path `//`. So a request outside the prefix is answered like one for an unknown route.
        request.url = below(target) ?? "//"
        routed(request, response)
      }
    },
    handle: async (request) => {
      if (request.bodyUsed) return webAnswer(bodyConsumed)
      const account = callbackAccount(callbackBelow(request.url) ?? "")
      if (account !== undefined) return handleCallback(receiver, account, request)
      const response = await routedWeb(pathPrefix === "" ? request : withoutPrefix(request, below))
      // The engine does not own the connection here, and HTTP/2 has no such header.
      response.headers.delete("connection")
      return response
    },
    handleCallback: (account, request) => handleCallback(receiver, account, request),
    drain: drain(readiness, serverLimits, feed),
  }
  return http
})

/** The request without the prefix. If it is outside the prefix, its path becomes `//`, which no route has. */
function withoutPrefix(request: Request, below: (target: string) => string | undefined): Request {
  const target = below(request.url) ?? `${new URL(request.url).origin}//`
  return new Request(target, request)
}

/**
 * Prepares a stop. While load balancers switch, everything is still served. Streams never end by themselves, so they
 * are ended.
 */
const drain = (
  readiness: Readiness,
  { stopDrainMs }: ServerLimits,
  feed: ChangeFeed["Service"],
): Effect.Effect<void> =>
  readiness.stop.pipe(
    Effect.andThen(Effect.logInfo("the engine is stopping")),
    Effect.andThen(Effect.sleep(stopDrainMs)),
    Effect.andThen(feed.stop),
  )

const severalHosts = problemDocument({
  code: "request-invalid",
  detail: "The headers: host: expected once. Nothing was recorded.",
  field: "host",
})

function answerUnclearHost(response: ServerResponse): void {
  const headers = { ...guardedHeaders, "content-type": "application/problem+json", connection: "close" }
  response.writeHead(severalHosts.status, headers).end(JSON.stringify(severalHosts))
}

function answerConsumed(response: ServerResponse): void {
  response.writeHead(bodyConsumed.status, bodyConsumed.headers).end(bodyConsumed.body)
}
