import { refusals, refusalType } from "@loan-engine/adapters-http/callback/answer"
import type { RejectionCode } from "@loan-engine/adapters-http/callback/answer"
import { AccountName, Disposition, HoldReason } from "@loan-engine/domain/observation"
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { withExamples } from "./examples.ts"
import { version } from "../base/version.ts"
import { LoanApi } from "./loan-api.ts"
import { problemSchemas } from "./problems.ts"

/** The problem documents with which the receiver refuses callbacks. They have their own codes. */
const callbackProblems = [...new Set(Object.values(refusals).map(({ status }) => status))]
  .toSorted((a, b) => a - b)
  .map((status) =>
    Schema.Struct({
      type: Schema.Literals(codesOf(status).map(refusalType)),
      title: Schema.String,
      status: Schema.Literal(status),
      detail: Schema.String,
      code: Schema.Literals(codesOf(status)),
      field: Schema.optionalKey(Schema.String),
    })
      .annotate({
        description: codesOf(status)
          .map((code) => refusals[code].title)
          .join("; "),
      })
      .pipe(HttpApiSchema.status(status), HttpApiSchema.asJson({ contentType: "application/problem+json" })),
  )

function codesOf(status: number): ReadonlyArray<RejectionCode> {
  const isCode = (name: string): name is RejectionCode => Object.hasOwn(refusals, name)
  return Object.keys(refusals)
    .filter(isCode)
    .filter((code) => refusals[code].status === status)
}

const callback = HttpApiEndpoint.post("callback", "/callbacks/:account", {
  params: { account: AccountName },
  payload: Schema.Record(Schema.String, Schema.Unknown),
  success: [
    Schema.Struct({ disposition: Disposition }),
    Schema.Struct({ disposition: Schema.Literal("held"), reason: HoldReason }).pipe(
      HttpApiSchema.status(202),
    ),
  ],
  error: callbackProblems,
}).annotateMerge(
  OpenApi.annotations({
    summary: "Receive a callback of the bank",
    description:
      "The bank sends its callbacks here, with the credentials that were registered for the account. 200: the callback is durable. " +
      "202: the callback is durable, but it changes nothing until the bank confirms it.",
  }),
)

const BankGroup = HttpApiGroup.make("bank").add(callback)

const live = HttpApiEndpoint.get("live", "/health/live", {
  success: Schema.Struct({ status: Schema.Literal("alive") }),
}).annotateMerge(OpenApi.annotations({ summary: "Check that the process lives" }))

const Checks = Schema.Struct({
  store: Schema.Literals(["ok", "unavailable", "slow", "not-asked"]),
  process: Schema.Literals(["ok", "stopping"]),
  durability: Schema.Literals(["ok", "weak"]),
})

const ready = HttpApiEndpoint.get("ready", "/health/ready", {
  success: Schema.Struct({ status: Schema.Literal("ready"), checks: Checks }),
  error: Schema.Struct({ status: Schema.Literal("not-ready"), checks: Checks }).pipe(
    HttpApiSchema.status(503),
  ),
}).annotateMerge(OpenApi.annotations({ summary: "Check that a callback can be made durable now" }))

const metrics = HttpApiEndpoint.get("metrics", "/metrics", {
  success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain" })),
  error: problemSchemas("unauthorized", "rate-limited", "route-unknown", "internal-error"),
}).annotateMerge(
  OpenApi.annotations({
    summary: "Show Prometheus metrics",
    description:
      "If a metrics key is set, the route needs it. If metrics are switched off, the route does not exist.",
  }),
)

const OperatorGroup = HttpApiGroup.make("operators").add(live, ready, metrics)

/**
 * Adapts the description for other tools. It removes the notes on streams, which only one generator of clients
 * understands. It writes `bearer` in lower case, like the registry of schemes: some tools do not recognize `Bearer`
 * and ask for a password.
 */
const asToolsRead = (spec: Record<string, unknown>): Record<string, unknown> =>
  withExamples(
    JSON.parse(
      JSON.stringify(spec, (key, value: unknown) => {
        if (key === "x-effect-stream") return undefined
        return key === "scheme" && value === "Bearer" ? "bearer" : value
      }),
    ),
  )

/** Everything that the engine serves. `docs/openapi.json` and `/docs` are generated from it. */
export const DescribedApi = HttpApi.make("loan-engine")
  .addHttpApi(LoanApi)
  .add(BankGroup, OperatorGroup)
  .annotateMerge(
    OpenApi.annotations({
      title: "Loan engine",
      version,
      description:
        "The state of every loan application, and its evidence. Errors are problem documents (RFC 9457) with a stable `code`.",
      transform: asToolsRead,
    }),
  )

/**
 * The description with a path prefix. Clients that are made from it, and the page `/docs`, send their requests to
 * that path.
 */
export const describedBelow = (prefix: string): typeof DescribedApi =>
  prefix === ""
    ? DescribedApi
    : DescribedApi.annotateMerge(OpenApi.annotations({ servers: [{ url: prefix }] }))

/** The description as it is served and committed. */
export const openApiText = (prefix = ""): string =>
  `${JSON.stringify(OpenApi.fromApi(describedBelow(prefix)), null, 2)}\n`
