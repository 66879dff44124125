import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { isSaid, setClosure } from "../record/closing.ts"
import type { Closing, ClosingRefused } from "../record/closing.ts"
import { knownLoan } from "../record/known-loan.ts"
import { CurrentKey } from "../access/access.ts"
import type { AccessLimits } from "../access/access.ts"
import { ClosingJson, ReopeningJson } from "../contract/loan-schemas.ts"
import { orderProblem, readOrder, versionMeant } from "./operator-order.ts"
import type { OrderRefusal } from "./operator-order.ts"
import type { Problem } from "../contract/problem.ts"

/** A request to close or reopen a loan. */
export interface ClosureRequest {
  readonly closes: boolean
  readonly ifMatch: string | undefined
}

/** Closes or reopens a loan. The result is the loan after that. */
export const answerClosure = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  reference: ApplicationReference,
  { closes, ifMatch }: ClosureRequest,
  limits: AccessLimits,
) {
  const order = closes
    ? { closes: true as const, ...(yield* readOrder(request, ClosingJson, limits)) }
    : { closes: false as const, ...(yield* readOrder(request, ReopeningJson, limits)) }
  const through = (yield* CurrentKey)?.name
  const closing: Closing = { ...order, by: order.by ?? through ?? "" }
  const before = yield* Effect.mapError(knownLoan(reference), orderProblem)
  if (isSaid(before.loan, closing)) return before
  const ifVersion = yield* versionMeant(before.loan, ifMatch)
  const set = setClosure(reference, closing, { ifVersion, through })
  const { stored, isNews } = yield* Effect.mapError(set, problemFor)
  if (!isNews) return stored
  yield* Effect.annotateLogs(Effect.logInfo(closes ? "a loan was closed" : "a loan was opened again"), {
    applicationReference: reference,
  })
  return stored
})

const problemFor = (refusal: OrderRefusal | ClosingRefused): Problem =>
  refusal._tag === "ClosingRefused"
    ? { code: "closing-refused", detail: refusal.message }
    : orderProblem(refusal)
