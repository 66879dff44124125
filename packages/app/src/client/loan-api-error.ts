import { Predicate } from "effect"
import { problems } from "../contract/problems.ts"
import type { ProblemDocument } from "../contract/problems.ts"

/** A call that did not bring what it was made for. */
export class LoanApiError extends Error {
  override readonly name = "LoanApiError"
  /** What the engine answered; `undefined` when it could not be reached, or answered with what is no answer of its. */
  readonly problem: ProblemDocument | undefined

  constructor(message: string, problem: ProblemDocument | undefined, cause: unknown) {
    super(message, { cause })
    this.problem = problem
  }
}

/** Any failure of a call, as the one error that callers see. */
export function loanApiError(failure: unknown): LoanApiError {
  if (failure instanceof LoanApiError) return failure
  if (isProblem(failure)) return new LoanApiError(`${failure.title}: ${failure.detail}`, failure, undefined)
  return new LoanApiError(
    "The loan engine could not be reached, or did not answer as one.",
    undefined,
    failure,
  )
}

/** What the engine would refuse, said without asking it. */
export const invalid = (field: string, what: string): LoanApiError => {
  const { status, title } = problems["request-invalid"]
  const detail = `${field}: this is ${what}.`
  const type = "urn:loan-engine:api:request-invalid"
  return loanApiError({ type, status, code: "request-invalid", title, detail, field })
}

export const isProblem = (value: unknown): value is ProblemDocument =>
  Predicate.isObject(value) && typeof value["code"] === "string" && typeof value["detail"] === "string"
