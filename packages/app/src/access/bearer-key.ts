import { hash, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Problem } from "../contract/problem.ts"

/** Checks whether a request has the key. The digests are compared, so that the time reveals nothing about the key. */
export function bearerCheck(key: Redacted.Redacted) {
  const digest = (text: string): Buffer => hash("sha256", text, "buffer")
  const expected = digest(`bearer ${Redacted.value(key)}`)
  return (request: HttpServerRequest.HttpServerRequest): boolean => {
    const [, token = ""] = /^bearer +(.+)$/iu.exec(request.headers["authorization"] ?? "") ?? []
    return timingSafeEqual(digest(`bearer ${token}`), expected)
  }
}

export const unauthorized: Problem = {
  code: "unauthorized",
  detail: "Send the key: Authorization: Bearer <key>.",
  headers: { "www-authenticate": 'Bearer realm="loan-engine"' },
}
