import { Effect, Stream } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { Problem } from "./problem.ts"

/** How large a request's body may be. The bank's longest answer is under two kilobytes. */
export const requestBytesMax = 262_144

const tooLarge: Problem = {
  code: "body-too-large",
  detail: `Send at most ${requestBytesMax} bytes.`,
  headers: { connection: "close" },
}

const unreadable: Problem = {
  code: "body-unreadable",
  detail: "The body broke off, or could not be read.",
}

/** The body's bytes; the limit holds while they are read. */
export function readBytes(request: HttpServerRequest.HttpServerRequest): Effect.Effect<Uint8Array, Problem> {
  if (Number(request.headers["content-length"] ?? 0) > requestBytesMax) return Effect.fail(tooLarge)
  const chunks: Array<Uint8Array> = []
  let size = 0
  return Stream.runForEach(request.stream, (chunk) => {
    size += chunk.byteLength
    if (size > requestBytesMax) return Effect.fail(tooLarge)
    chunks.push(chunk)
    return Effect.void
  }).pipe(
    Effect.mapError((error) => ("code" in error ? error : unreadable)),
    Effect.map(() => Buffer.concat(chunks)),
  )
}
