import type { Loan } from "@loan-engine/domain/loan"
import { Effect, Result, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { LoanMoved } from "../record/engine.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import type { LoanUnknown } from "../record/known-loan.ts"
import type { AccessLimits } from "../access/access.ts"
import { entityTags } from "./entity-tags.ts"
import { jsonIn } from "./json-body.ts"
import type { Problem } from "../contract/problem.ts"
import { storeUnavailable } from "../contract/problem.ts"
import { misfit } from "../contract/misfit.ts"
import { readBytes } from "./request-body.ts"

/** The body of an operator's request: JSON that matches its schema. */
export const readOrder = Effect.fnUntraced(function* <Order>(
  request: HttpServerRequest.HttpServerRequest,
  schema: Schema.Codec<Order>,
  limits: AccessLimits,
): Effect.fn.Return<Order, Problem> {
  const [mediaType = ""] = (request.headers["content-type"] ?? "").split(";")
  if (mediaType.trim().toLowerCase() !== "application/json") return yield* Effect.fail(wrongType)
  const bytes = yield* readBytes(request, limits)
  const body = jsonIn(bytes)
  if (Result.isFailure(body)) return yield* Effect.fail(noJson(body.failure))
  const decode = Schema.decodeUnknownEffect(schema)
  return yield* Effect.mapError(decode(body.success), (error) => misfit(error, "The body"))
})

const noJson = (fault: string): Problem => ({
  code: "request-invalid",
  detail: `The body is not JSON in UTF-8: ${fault}.`,
})

const wrongType: Problem = {
  code: "media-type-unsupported",
  detail: "Send the body as application/json.",
}

/**
 * The version that an operator's `If-Match` names, by RFC 9110, 13.1.1. `*` means any version. In a list, one
 * matching tag is enough. A weak tag never matches. Only the version in an ETag is compared, so the loan's poll plan
 * may have changed.
 */
export function versionMeant(
  { version }: Loan,
  ifMatch: string | undefined,
): Effect.Effect<number | undefined, Problem> {
  const tags = ifMatch === undefined ? "*" : entityTags(ifMatch)
  if (tags === undefined) return Effect.fail(noEntityTag)
  if (tags === "*") return Effect.succeed(undefined)
  const strong = tags.filter(({ isWeak }) => !isWeak)
  if (strong.length === 0) return Effect.fail(onlyWeak)
  const isMeant = strong.some(({ opaque }) => versionOf(opaque) === version)
  return isMeant ? Effect.succeed(version) : Effect.fail(noneMatches(version))
}

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
  "A weak ETag (W/) never matches If-Match. Nothing was written. Send the loan's unchanged ETag.",
)

const noneMatches = (version: number): Problem =>
  ifMatchProblem(
    "loan-moved",
    `The loan is at version ${version}, which If-Match does not name. Nothing was written. Read the loan again, then decide.`,
  )

/** The refusals that all operators' requests share. */
export type OrderRefusal = LoanUnknown | LoanMoved | StoreUnavailable

export const orderProblem = (refusal: OrderRefusal): Problem => orderProblems[refusal._tag](refusal.message)

const orderProblems: { readonly [Tag in OrderRefusal["_tag"]]: (message: string) => Problem } = {
  LoanUnknown: () => ({
    code: "loan-unknown",
    detail: "No loan of this application reference is registered, and no callback has named it.",
  }),
  LoanMoved: (detail) => ({ code: "loan-moved", detail, field: "if-match" }),
  StoreUnavailable: () => storeUnavailable,
}
