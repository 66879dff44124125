import { Context } from "effect"
import { HttpApiMiddleware, HttpApiSecurity } from "effect/http-api"
import { problemSchemas } from "./problems.ts"
import type { ProblemCode } from "./problems.ts"

/** What a key may be for: reading loans, registering them, or acting on them (poll, rule). */
export const scopes = ["read", "register", "operate"] as const
export type Scope = (typeof scopes)[number]

/** The scope that an endpoint asks of a key. */
export class RequiredScope extends Context.Service<RequiredScope, Scope>()(
  "@loan-engine/app/RequiredScope",
) {}

/** The media type of what an endpoint answers when all is well. */
export const Produces = Context.Reference<string>("@loan-engine/app/Produces", {
  defaultValue: () => "application/json",
})

const accessProblems = problemSchemas("unauthorized", "scope-missing", "not-acceptable", "rate-limited")
const accessSecurity = { key: HttpApiSecurity.bearer }

/** Whoever calls: a known key, of the endpoint's scope, within its rate. */
export class Access extends HttpApiMiddleware.Service<Access>()<
  "@loan-engine/app/Access",
  typeof accessProblems,
  typeof accessSecurity
>("@loan-engine/app/Access", { security: accessSecurity, error: accessProblems }) {}

/** Turns everything that a request fails with into a problem document. */
export class Problems extends HttpApiMiddleware.Service<Problems>()("@loan-engine/app/Problems") {}

/** The problems that an endpoint may answer with, beside those that access to it may. */
export const answers = (...codes: ReadonlyArray<ProblemCode>) =>
  problemSchemas("request-invalid", ...codes, "internal-error", "store-unavailable")

/** What the description says of an endpoint, and of the key that it takes. */
export const described = (summary: string, scope: Scope, description: string) => ({
  summary,
  description: `${description} Needs a key with the scope \`${scope}\`.`,
})
