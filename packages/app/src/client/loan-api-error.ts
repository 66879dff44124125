import { Predicate } from "effect"
import type { Problem } from "../contract/problem.ts"
import { problems } from "../contract/problems.ts"
import type { ProblemDocument } from "../contract/problems.ts"

/** A call failed. */
export class LoanApiError extends Error {
  override readonly name = "LoanApiError"
  /** The engine's answer. `undefined` if the engine could not be reached, or if another server answered. */
  readonly problem: ProblemDocument | undefined

  constructor(message: string, problem: ProblemDocument | undefined, cause: unknown) {
    super(message, { cause })
    this.problem = problem
  }
}

/** Turns any failure of a call into a `LoanApiError`. */
export function loanApiError(failure: unknown): LoanApiError {
  if (failure instanceof LoanApiError) return failure
  if (isProblem(failure)) return new LoanApiError(`${failure.title}: ${failure.detail}`, failure, undefined)
  return new LoanApiError(
    "The loan engine could not be reached, or the answer is not from a loan engine.",
    undefined,
    failure,
  )
}

/** A refusal by the client itself. The engine would refuse too, so no request is sent. */
export const refused = ({ code, ...rest }: Problem): LoanApiError => {
  const { status, title } = problems[code]
  return loanApiError({ type: `urn:loan-engine:api:${code}`, status, code, title, ...rest })
}

export const invalid = (field: string, what: string): LoanApiError =>
  refused({ code: "request-invalid", detail: `${field}: this is ${what}.`, field })

export const isProblem = (value: unknown): value is ProblemDocument =>
  Predicate.isObject(value) && typeof value["code"] === "string" && typeof value["detail"] === "string"
