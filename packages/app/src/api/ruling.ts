import type { Decision } from "@loan-engine/domain/loan"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Result, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { LoanMoved, LoanEngine } from "../engine.ts"
import type { StoreUnavailable } from "../loan-store.ts"
import type { LoanUnknown, RulingRefused } from "../operator.ts"
import { knownLoan, previewRuling, rule } from "../operator.ts"
import { CurrentKey } from "./access.ts"
import type { AccessLimits } from "./access.ts"
import { RulingJson } from "./loan-schemas.ts"
import { entityTags } from "./entity-tags.ts"
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
  const ifVersion = yield* versionMeant(reference, ifMatch)
  const options = { ifVersion, undisputed, through: (yield* CurrentKey)?.name }
  const ruled: Effect.Effect<Pick<Decision, "disposition" | "steps" | "loan">, Refusal, LoanEngine> = dryRun
    ? previewRuling(reference, ruling, options)
    : rule(reference, ruling, options)
  const { disposition, steps, loan } = yield* Effect.mapError(ruled, problemFor)
  if (!dryRun) yield* logRuling(reference, disposition)
  return { dryRun, disposition, steps, stage: loan.stage, version: loan.version }
})

/** The journal has the name that was given and the key that it came with; the log has the key. */
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

/**
 * The version that may be ruled on, by the rules of `If-Match` (RFC 9110, 13.1.1): `*` is any, one tag of a list is enough, and
 * a weak tag never matches. What is ruled on is the loan at its version; the plan of its polls may have moved.
 */
const versionMeant = Effect.fnUntraced(function* (
  reference: ApplicationReference,
  ifMatch: string | undefined,
): Effect.fn.Return<number | undefined, Problem, LoanEngine> {
  const tags = ifMatch === undefined ? "*" : entityTags(ifMatch)
  if (tags === undefined) return yield* Effect.fail(noEntityTag)
  if (tags === "*") return undefined
  const strong = tags.filter(({ isWeak }) => !isWeak)
  if (strong.length === 0) return yield* Effect.fail(onlyWeak)
  const { loan } = yield* Effect.mapError(knownLoan(reference), problemFor)
  if (strong.some(({ opaque }) => versionOf(opaque) === loan.version)) return loan.version
  return yield* Effect.fail(noneMatches(loan.version))
})

const versionOf = (opaque: string): number | undefined => {
  const [, digits] = /^([0-9]{1,15})(?:-[a-z0-9-]*)?$/u.exec(opaque) ?? []
  return digits === undefined ? undefined : Number(digits)
}

const ifMatchProblem = (code: Problem["code"], detail: string): Problem => ({
  code,
  detail,
  field: "if-match",
})

const noEntityTag = ifMatchProblem(
  "request-invalid",
  'The headers: if-match: expected a list of ETags of the loan, or of its versions, such as "3", or *.',
)

const onlyWeak = ifMatchProblem(
  "loan-moved",
  "If-Match compares strongly, so a weak ETag (W/) never matches. Nothing was written. Send the loan's ETag as it was given.",
)

const noneMatches = (version: number): Problem =>
  ifMatchProblem(
    "loan-moved",
    `The loan is at version ${version}, which If-Match does not name: look again, then decide. Nothing was written.`,
  )

type Refusal = LoanUnknown | RulingRefused | LoanMoved | StoreUnavailable

const problemFor = (refusal: Refusal): Problem => problemOf[refusal._tag](refusal.message)

const problemOf: { readonly [Tag in Refusal["_tag"]]: (message: string) => Problem } = {
  LoanUnknown: () => ({
    code: "loan-unknown",
    detail: "No loan of this application reference is registered, and no callback has spoken of it.",
  }),
  RulingRefused: (detail) => ({ code: "ruling-refused", detail }),
  LoanMoved: (detail) => ({ code: "loan-moved", detail, field: "if-match" }),
  StoreUnavailable: () => storeUnavailable,
}
