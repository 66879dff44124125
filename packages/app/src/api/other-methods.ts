import { Effect } from "effect"
import type { HttpRouter } from "effect/http"
import { answering } from "./problem.ts"
import type { Problem } from "./problem.ts"

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const

/** Answers every other method of a path with the one that it takes. */
export const refuseOtherMethods = Effect.fnUntraced(function* (
  router: HttpRouter.HttpRouter,
  path: `/${string}`,
  allow: string,
) {
  for (const method of methods.filter((each) => each !== allow)) {
    yield* router.add(method, path, answering(Effect.fail(wrongMethod(allow))))
  }
})

const wrongMethod = (allow: string): Problem => ({
  status: 405,
  code: "method-not-allowed",
  title: "Method not allowed",
  detail: `Send a ${allow}.`,
  headers: { allow },
})
