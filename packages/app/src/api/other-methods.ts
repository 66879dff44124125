import { Effect } from "effect"
import type { HttpRouter } from "effect/http"
import { answering } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"

/** The methods that the router knows. HEAD is answered like GET, without a body. */
export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

/** Refuses every other method of a path. `allow` lists the allowed methods, separated by commas. */
export const refuseOtherMethods = Effect.fnUntraced(function* (
  router: HttpRouter.HttpRouter,
  path: `/${string}`,
  allow: string,
) {
  const taken = new Set(allow.split(", "))
  for (const method of methods.filter((each) => !taken.has(each))) {
    yield* router.add(method, path, answering(Effect.fail(wrongMethod(allow))))
  }
})

export const wrongMethod = (allow: string): Problem => ({
  code: "method-not-allowed",
  detail: `This path allows ${allow}.`,
  headers: { allow },
})
