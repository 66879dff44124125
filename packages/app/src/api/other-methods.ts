import { Effect } from "effect"
import type { HttpRouter } from "effect/http"
import { answering } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"

/** The methods of a request. HEAD is answered like GET, without the body. */
export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

/** Answers every other method of a path with the allowed ones, separated by commas. */
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
