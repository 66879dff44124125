import type { Decision } from "@loan-engine/domain/loan"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { LoanEngine } from "../record/engine.ts"
import type { RulingRefused } from "../record/operator.ts"
import { knownLoan } from "../record/known-loan.ts"
import { previewRuling, rule } from "../record/operator.ts"
import { CurrentKey } from "../access/access.ts"
import type { AccessLimits } from "../access/access.ts"
import { RulingJson } from "../contract/loan-schemas.ts"
import { orderProblem, readOrder, versionMeant } from "./operator-order.ts"
import type { OrderRefusal } from "./operator-order.ts"
import type { Problem } from "../contract/problem.ts"

export interface RulingRequest {
  readonly dryRun: boolean
  readonly ifMatch: string | undefined
}

/** Rules on a loan, or reports what a ruling would do. */
export const answerRuling = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  reference: ApplicationReference,
  { dryRun, ifMatch }: RulingRequest,
  limits: AccessLimits,
) {
  const { undisputed = false, ...ruling } = yield* readOrder(request, RulingJson, limits)
  const before = yield* Effect.mapError(knownLoan(reference), orderProblem)
  const ifVersion = yield* versionMeant(before.loan, ifMatch)
  const options = { ifVersion, undisputed, through: (yield* CurrentKey)?.name }
  const ruled: Effect.Effect<Pick<Decision, "disposition" | "steps" | "loan">, Refusal, LoanEngine> = dryRun
    ? previewRuling(reference, ruling, options)
    : rule(reference, ruling, options)
  const { disposition, steps, loan } = yield* Effect.mapError(ruled, problemFor)
  if (!dryRun) yield* logRuling(reference, disposition)
  return { dryRun, disposition, steps, stage: loan.stage, version: loan.version }
})

/** The journal contains the given name and the key's name. The log contains only the key's name. */
const logRuling = (applicationReference: ApplicationReference, disposition: string): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo("a ruling was made"), { applicationReference, disposition })

type Refusal = OrderRefusal | RulingRefused

const problemFor = (refusal: Refusal): Problem =>
  refusal._tag === "RulingRefused"
    ? { code: "ruling-refused", detail: refusal.message }
    : orderProblem(refusal)
