import { SchemaAST, SchemaIssue } from "effect"
import type { Schema } from "effect"
import { didYouMean } from "../base/nearest.ts"
import type { Problem } from "./problem.ts"
import type { ProblemCode } from "./problems.ts"

/** The names that a query may have. `undefined` if it is not an object with members. */
export const fieldsOf = (query: Schema.Top | undefined): ReadonlyArray<string> | undefined =>
  query !== undefined && SchemaAST.isObjects(query.ast)
    ? query.ast.propertySignatures.map(({ name }) => String(name))
    : undefined

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Names the wrong part and what was expected there, but never what was sent, which may be personal. If `names` are
 * given, any other name is answered with the nearest of them.
 */
export function misfit(
  { issue }: Schema.SchemaError,
  place: string,
  code: ProblemCode = "request-invalid",
  names?: ReadonlyArray<string>,
): Problem {
  const [first] = issuesOf(issue).issues
  const path = (first?.path ?? []).map(String)
  const named = path.join(".")
  const message = first?.message ?? "unexpected value"
  if (named === "") return { code, detail: `${place}: ${message}.` }
  if (names?.includes(path[0] ?? "") === false)
    return { code, detail: `${place}: ${named} is not known.${didYouMean(named, names)}`, field: named }
  return { code, detail: `${place}: ${named}: ${message}.`, field: named }
}
