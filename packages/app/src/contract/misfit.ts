import { SchemaIssue } from "effect"
import type { Schema } from "effect"
import type { Problem } from "./problem.ts"
import type { ProblemCode } from "./problems.ts"

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Names the wrong part and what was expected there. What was sent is never repeated, because it may be personal.
 * `unknown` gives the text for a name that is not known.
 */
export function misfit(
  { issue }: Schema.SchemaError,
  place: string,
  code: ProblemCode = "request-invalid",
  unknown?: (name: string) => string | undefined,
): Problem {
  const [first] = issuesOf(issue).issues
  const path = (first?.path ?? []).map(String)
  const named = path.join(".")
  const message = first?.message ?? "unexpected value"
  if (named === "") return { code, detail: `${place}: ${message}.` }
  const isUnknown = unknown?.(named)
  const detail = isUnknown === undefined ? `${named}: ${message}.` : isUnknown
  return { code, detail: `${place}: ${detail}`, field: named }
}
