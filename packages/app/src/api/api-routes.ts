import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { guardedHeaders } from "@loan-engine/adapters-http/http/answer-headers"
import type { AccountName } from "@loan-engine/domain/observation"
import { Context, Effect, Layer } from "effect"
import {
  HttpMiddleware,
  HttpRouter,
  HttpServerError,
  HttpServerRequest,
  HttpServerResponse,
} from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiScalar } from "effect/http-api"
import { withPrefix } from "../base/path-prefix.ts"
import type { PathPrefix } from "../base/path-prefix.ts"
import type { CallbackHealthSettings } from "../callback-health/health.ts"
import type { ChangeFeedLimits } from "../feed/change-feed.ts"
import { accountHandlers } from "./account-handlers.ts"
import { accessLayer } from "../access/access.ts"
import type { AccessLimits } from "../access/access.ts"
import type { ApiKey } from "../access/api-keys.ts"
import { changeHandlers } from "./change-handlers.ts"
import { consolePath } from "./console-routes.ts"
import { describedBelow, openApiText } from "../contract/described-api.ts"
import { LoanApi } from "../contract/loan-api.ts"
import { loanHandlers } from "./loan-handlers.ts"
import type { LoanListLimits } from "./loan-list.ts"
import { makeGzipped } from "./gzipped.ts"
import { methods, refuseOtherMethods, wrongMethod } from "./other-methods.ts"
import { problemResponse } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"
import { problemsLayer } from "./problems-layer.ts"

export interface ApiOptions {
  readonly apiKeys: ReadonlyArray<ApiKey>
  /**
   * The account for `POST /v1/loans`, if it is the only one. If there are several, the query's `account` must name
   * one.
   */
  readonly accounts: ReadonlyArray<AccountName>
  readonly accessLimits: AccessLimits
  readonly pathPrefix: PathPrefix
  readonly listLimits: LoanListLimits
  readonly changeFeedLimits: ChangeFeedLimits
  /** The limits by which an account's callbacks are judged. */
  readonly callbackHealth: CallbackHealthSettings
}

/**
 * The routes of the merchant's API under `/v1` and of its description. Every other method of these paths is refused.
 */
export const apiRoutes = ({
  apiKeys,
  accounts,
  accessLimits,
  pathPrefix,
  listLimits,
  changeFeedLimits,
  callbackHealth,
}: ApiOptions) =>
  Layer.mergeAll(
    HttpApiBuilder.layer(LoanApi).pipe(
      Layer.provide([
        loanHandlers(accounts, { ...listLimits, ...accessLimits }),
        changeHandlers(changeFeedLimits),
        accountHandlers(accounts, callbackHealth, listLimits),
      ]),
      Layer.provide([accessLayer(apiKeys, accessLimits), problemsLayer, NodeHttpServer.layerHttpServices]),
    ),
    HttpApiScalar.layer(describedBelow(pathPrefix), { path: docsPath, scalar: { withDefaultFonts: false } }),
    refusals(pathPrefix),
  )

const docsPath = "/docs"
const descriptionPath = "/openapi.json"

const refusals = (pathPrefix: PathPrefix) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const description = HttpServerResponse.text(openApiText(pathPrefix), {
        contentType: "application/json",
      })
      yield* router.add("GET", descriptionPath, Effect.succeed(description))
      yield* refuseOtherMethods(router, descriptionPath, "GET")
      yield* refuseOtherMethods(router, docsPath, "GET")
      for (const [path, allow] of methodsByPath()) yield* refuseOtherMethods(router, path, allow)
    }),
  )

/** The methods of each path of the API, as in the header `Allow`. The path of callbacks is not included. */
function methodsByPath(): ReadonlyMap<`/${string}`, string> {
  const paths = new Map<`/${string}`, string>()
  HttpApi.reflect(LoanApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint: { method, path: text } }) => {
      const path = `/${text.slice(1)}` as const
      const others = paths.get(path)
      paths.set(path, others === undefined ? method : [others, method].toSorted().join(", "))
    },
  })
  return paths
}

const noSuchRoute: Problem = {
  code: "route-unknown",
  detail: "See /docs for the routes and their methods.",
}

const methodsKnown: ReadonlySet<string> = new Set(["HEAD", ...methods])

const isRouteNotFound = (error: unknown): boolean =>
  error instanceof HttpServerError.HttpServerError && error.reason._tag === "RouteNotFound"

/** The paths of the API that have a parameter. Only the parameter may be percent-encoded. */
const namingPaths: ReadonlyArray<RegExp> = [...methodsByPath().keys()]
  .filter((path) => path.includes(":"))
  .map((path) => new RegExp(`^${path.replace(/:[a-z]+/giu, "[^/]+")}$`, "u"))

/** Extra slashes, and characters that the router takes for the end of a path. */
const loose = /^(?!\/)|\/\/|.\/$|[;#\\]/u

/**
 * Whether a path is a variant of a right path. The router accepts variants: extra slashes, a parameter after `;`,
 * percent-encoded letters. The engine refuses them, except for the callbacks' path. Otherwise a proxy's rule for one
 * path would not apply to its variants.
 */
const isMisspelt = (path: string): boolean =>
  (loose.test(path) && path !== consolePath) ||
  (path.includes("%") && !namingPaths.some((naming) => naming.test(path)))

type App<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

/**
 * Completes the router's answers. The rules here apply to all answers: which origins may read them, and what a page
 * may load.
 */
export function completeApp<E, R>(
  router: App<E, R>,
  corsOrigins: ReadonlyArray<string>,
  pathPrefix: PathPrefix,
) {
  const gzipped = makeGzipped()
  const app = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { method, url } = request
    if (!methodsKnown.has(method)) return problemResponse(wrongMethod("GET, HEAD, POST"))
    const [path = ""] = url.split("?", 1)
    if (isMisspelt(path)) return problemResponse(noSuchRoute)
    const response = yield* Effect.catchIf(router, isRouteNotFound, () =>
      Effect.succeed(problemResponse(noSuchRoute)),
    )
    if (path === descriptionPath) return yield* gzipped(path, request, response)
    return path === docsPath
      ? HttpServerResponse.setHeader(
          yield* gzipped(path, request, response),
          "content-security-policy",
          docsPolicy,
        )
      : response
  })
  return Effect.map(corsOrigins.length === 0 ? app : cors(corsOrigins)(app), guarded(pathPrefix))
}

type Answer = HttpServerResponse.HttpServerResponse

const guarded =
  (pathPrefix: PathPrefix) =>
  (response: Answer): Answer =>
    HttpServerResponse.setHeaders(response, {
      ...guardedHeaders,
      ...response.headers,
      ...withPrefix(pathPrefix, response.headers),
    })

/** The page contains everything that it needs. It loads nothing from other sites and sends nothing to them. */
const docsPolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const cors = (allowedOrigins: ReadonlyArray<string>) =>
  HttpMiddleware.cors({
    allowedOrigins: (origin) => allowedOrigins.includes(origin),
    allowedMethods: ["GET", "HEAD", "POST"],
    allowedHeaders: ["authorization", "content-type", "if-match", "if-none-match", "last-event-id"],
    exposedHeaders: ["etag", "link", "location", "retry-after"],
    maxAge: 600,
  })

/**
 * `maxParamLength`: references are longer than the router's default limit. `caseSensitive`: by default, the router
 * matches a lower-case copy of the path. In lower case, some letters become two, and later parameters would be cut in
 * the wrong place.
 */
export const routerConfig = Context.make(HttpRouter.RouterConfig, {
  maxParamLength: 16_384,
  caseSensitive: true,
})
