import { Effect, Stream } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { AccessLimits } from "../access/access.ts"
import type { Problem } from "../contract/problem.ts"

const tooLarge = (apiBodyBytesMax: number): Problem => ({
  code: "body-too-large",
  detail: `Send at most ${apiBodyBytesMax} bytes.`,
  headers: { connection: "close" },
})

const unreadable: Problem = {
  code: "body-unreadable",
  detail: "The body ended early, or could not be read.",
}

/** Reads the body's bytes. If there are too many, reading stops. */
export function readBytes(
  request: HttpServerRequest.HttpServerRequest,
  { apiBodyBytesMax }: Pick<AccessLimits, "apiBodyBytesMax">,
): Effect.Effect<Uint8Array, Problem> {
  if (Number(request.headers["content-length"] ?? 0) > apiBodyBytesMax)
    return Effect.fail(tooLarge(apiBodyBytesMax))
  const chunks: Array<Uint8Array> = []
  let size = 0
  return Stream.runForEach(request.stream, (chunk) => {
    size += chunk.byteLength
    if (size > apiBodyBytesMax) return Effect.fail(tooLarge(apiBodyBytesMax))
    chunks.push(chunk)
    return Effect.void
  }).pipe(
    Effect.mapError((error) => ("code" in error ? error : unreadable)),
    Effect.map(() => Buffer.concat(chunks)),
  )
}
