import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { problemSchemas } from "./problems.ts"
import type { ProblemCode } from "./problems.ts"

/** The scopes of a key: reading loans, registering them, or acting on them (poll, rule). */
export const scopes = ["read", "register", "operate"] as const
export type Scope = (typeof scopes)[number]

/** The scope that an endpoint requires. */
export class RequiredScope extends Context.Service<RequiredScope, Scope>()(
  "@loan-engine/app/RequiredScope",
) {}

/** The media type of an endpoint's successful answer. */
export const Produces = Context.Reference<string>("@loan-engine/app/Produces", {
  defaultValue: () => "application/json",
})

const accessProblems = problemSchemas("unauthorized", "scope-missing", "not-acceptable", "rate-limited")
const accessSecurity = { key: HttpApiSecurity.bearer }

/** Checks the caller: the key must be known, have the endpoint's scope, and keep to its rate. */
export class Access extends HttpApiMiddleware.Service<Access>()<
  "@loan-engine/app/Access",
  typeof accessProblems,
  typeof accessSecurity
>("@loan-engine/app/Access", { security: accessSecurity, error: accessProblems }) {}

/** Turns every failure of a request into a problem document. */
export class Problems extends HttpApiMiddleware.Service<Problems>()("@loan-engine/app/Problems") {}

/** The problems of an endpoint. Those of the access check are added automatically. */
export const answers = (...codes: ReadonlyArray<ProblemCode>) =>
  problemSchemas("request-invalid", ...codes, "internal-error", "store-unavailable")

/** The description of an endpoint, with the scope that it needs. */
export const described = (summary: string, scope: Scope, description: string) => ({
  summary,
  description: `${description} Needs a key with the scope \`${scope}\`.`,
})
