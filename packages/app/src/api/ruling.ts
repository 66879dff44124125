import type { Decision } from "@loan-engine/domain/loan"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Result, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { LoanMoved, LoanEngine } from "../engine.ts"
import type { StoreUnavailable } from "../loan-store.ts"
import type { LoanUnknown, RulingRefused } from "../operator.ts"
import { previewRuling, rule } from "../operator.ts"
import type { AccessLimits } from "./access.ts"
import { RulingJson } from "./loan-schemas.ts"
import { jsonIn } from "./json-body.ts"
import type { Problem } from "./problem.ts"
import { storeUnavailable } from "./problem.ts"
import { misfit } from "./problems-layer.ts"
import { readBytes } from "./request-body.ts"

export interface RulingRequest {
  readonly dryRun: boolean
  readonly ifMatch: string | undefined
}

/** Rules on a loan, or says what a ruling would do. */
export const answerRuling = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  reference: ApplicationReference,
  { dryRun, ifMatch }: RulingRequest,
  limits: AccessLimits,
) {
  const { undisputed = false, ...ruling } = yield* readRuling(request, limits)
  const ifVersion = yield* versionIn(ifMatch)
  const options = { ifVersion, undisputed }
  const ruled: Effect.Effect<Pick<Decision, "disposition" | "steps" | "loan">, Refusal, LoanEngine> = dryRun
    ? previewRuling(reference, ruling, options)
    : rule(reference, ruling, options)
  const { disposition, steps, loan } = yield* Effect.mapError(ruled, (refusal) =>
    problemOf[refusal._tag](refusal.message),
  )
  if (!dryRun) yield* logRuling(reference, disposition)
  return { dryRun, disposition, steps, stage: loan.stage, version: loan.version }
})

/** The journal has the name that was given; the log has the key that it came with. */
const logRuling = (applicationReference: ApplicationReference, disposition: string): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo("a ruling was made"), { applicationReference, disposition })

const decodeRuling = Schema.decodeUnknownEffect(RulingJson)

const readRuling = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  limits: AccessLimits,
): Effect.fn.Return<RulingJson, Problem> {
  const [mediaType = ""] = (request.headers["content-type"] ?? "").split(";")
  if (mediaType.trim().toLowerCase() !== "application/json") return yield* Effect.fail(wrongType)
  const bytes = yield* readBytes(request, limits)
  const body = jsonIn(bytes)
  if (Result.isFailure(body)) return yield* Effect.fail(noJson(body.failure))
  return yield* Effect.mapError(decodeRuling(body.success), (error) => misfit(error, "The body"))
})

const noJson = (fault: string): Problem => ({
  code: "request-invalid",
  detail: `The body is not JSON in UTF-8: ${fault}.`,
})

const wrongType: Problem = {
  code: "media-type-unsupported",
  detail: "Send the ruling as application/json.",
}

/** The version that `If-Match` names; `*` is any. */
function versionIn(ifMatch: string | undefined): Effect.Effect<number | undefined, Problem> {
  if (ifMatch === undefined || ifMatch.trim() === "*") return Effect.succeed(undefined)
  // What is ruled on is the loan at its version; the plan of its polls may have moved.
  const [, digits] = /^\s*"([0-9]{1,15})(?:-[a-z0-9-]*)?"\s*$/u.exec(ifMatch) ?? []
  if (digits !== undefined) return Effect.succeed(Number(digits))
  return Effect.fail({
    code: "request-invalid",
    detail: 'The headers: if-match: expected one ETag of a loan, or its version, such as "3", or *.',
    field: "if-match",
  })
}

type Refusal = LoanUnknown | RulingRefused | LoanMoved | StoreUnavailable

const problemOf: { readonly [Tag in Refusal["_tag"]]: (message: string) => Problem } = {
  LoanUnknown: () => ({
    code: "loan-unknown",
    detail: "No loan of this application reference is registered, and no callback has spoken of it.",
  }),
  RulingRefused: (detail) => ({ code: "ruling-refused", detail }),
  LoanMoved: (detail) => ({ code: "loan-moved", detail, field: "if-match" }),
  StoreUnavailable: () => storeUnavailable,
}
