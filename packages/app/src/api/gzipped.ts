import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"

type Request = HttpServerRequest.HttpServerRequest
type Response = HttpServerResponse.HttpServerResponse

/** Whether a request accepts an answer in gzip. */
export const takesGzip = ({ headers }: Request): boolean =>
  /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/iu.test(headers["accept-encoding"] ?? "")

const pack = promisify(gzip)

/** Compresses answers that are always the same for a path. Each is compressed once, outside the serving thread. */
export function makeGzipped(): (
  path: string,
  request: Request,
  response: Response,
) => Effect.Effect<Response> {
  const packed = new Map<string, Promise<Uint8Array>>()
  return (path, request, response) => {
    const { body, status } = response
    if (body._tag !== "Uint8Array" || status !== 200) return Effect.succeed(response)
    const varied = HttpServerResponse.setHeader(response, "vary", "accept-encoding")
    if (!takesGzip(request)) return Effect.succeed(varied)
    const packing = packed.get(path) ?? pack(body.body)
    packed.set(path, packing)
    return Effect.map(
      Effect.promise(() => packing),
      (bytes) =>
        HttpServerResponse.setHeader(
          HttpServerResponse.setBody(varied, bodyOf(bytes, body.contentType)),
          "content-encoding",
          "gzip",
        ),
    )
  }
}

const bodyOf = (bytes: Uint8Array, contentType: string) =>
  HttpServerResponse.uint8Array(bytes, { contentType }).body
