import { readdir, readFile } from "node:fs/promises"
import { extname } from "node:path"
import { gzipSync } from "node:zlib"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { refuseOtherMethods } from "./other-methods.ts"
import { answering } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"

/** Where the build of the operators' console lies: a page, and what it loads. */
const builtConsole = new URL("../../dist/console/", import.meta.url)

/** Where the console's page is: what it loads stands beside it. */
export const consolePath = "/console/"

/**
 * The operators' console at `/console`: a page that reads and rules through `/v1`, with the key that whoever opens it gives.
 * What it consists of is open to everybody; the data is not.
 */
export const consoleRoutes = (isServed: boolean, directory: URL = builtConsole) =>
  isServed
    ? HttpRouter.use((router) =>
        Effect.gen(function* () {
          const files = makeFiles(directory)
          // The router takes the path for the same with a slash behind it and without.
          yield* router.add("GET", "/console", (request) =>
            pathOf(request).endsWith("/")
              ? answering(Effect.flatMap(files, pageAnswer(request)))
              : Effect.succeed(toTheSlash),
          )
          yield* router.add("GET", "/console/assets/:file", (request) =>
            answering(Effect.flatMap(files, assetAnswer(request))),
          )
          for (const path of ["/console", "/console/assets/:file"] as const) {
            yield* refuseOtherMethods(router, path, "GET")
          }
        }),
      )
    : Layer.empty

type Request = HttpServerRequest.HttpServerRequest

const pathOf = ({ url }: Request): string => url.split("?")[0] ?? ""

interface BuiltFile {
  readonly bytes: Uint8Array
  readonly gzipped: Uint8Array
  readonly contentType: string
}

/** What is served of the build, by its name; what was built since the last look is found, and what was found is kept. */
function makeFiles(directory: URL): Effect.Effect<ReadonlyMap<string, BuiltFile>, Problem> {
  let kept: ReadonlyMap<string, BuiltFile> | undefined
  return Effect.suspend(() =>
    kept === undefined
      ? Effect.tap(Effect.tryPromise({ try: () => readBuild(directory), catch: () => notBuilt }), (read) =>
          Effect.sync(() => (kept = read)),
        )
      : Effect.succeed(kept),
  )
}

const pageName = "index.html"

async function readBuild(directory: URL): Promise<ReadonlyMap<string, BuiltFile>> {
  const assets = await readdir(new URL("assets/", directory))
  const names = [pageName, ...assets.map((name) => `assets/${name}`)]
  const read = names.map(async (name): Promise<[string, BuiltFile]> => {
    const bytes = await readFile(new URL(name, directory))
    const contentType = contentTypes[extname(name)] ?? "application/octet-stream"
    return [name, { bytes, gzipped: gzipSync(bytes), contentType }]
  })
  return new Map(await Promise.all(read))
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
}

/** Nothing from anybody else, nothing that stands in the page itself, and no frame of anybody's around it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const guarded = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  vary: "accept-encoding",
}

const pageAnswer = (request: Request) => (files: ReadonlyMap<string, BuiltFile>) =>
  fileAnswer(request, files.get(pageName), "no-cache")

/** An asset's name holds the hash of what is in it, so that it never changes. */
const assetAnswer = (request: Request) => (files: ReadonlyMap<string, BuiltFile>) => {
  const path = pathOf(request)
  return fileAnswer(
    request,
    files.get(path.slice(path.lastIndexOf("/assets/") + 1)),
    "public, max-age=31536000, immutable",
  )
}

function fileAnswer(request: Request, file: BuiltFile | undefined, cacheControl: string) {
  if (file === undefined) return Effect.fail(noSuchFile)
  const { bytes, gzipped, contentType } = file
  const headers = { ...guarded, "cache-control": cacheControl }
  const takesGzip = /\bgzip\b/iu.test(request.headers["accept-encoding"] ?? "")
  return Effect.succeed(
    takesGzip
      ? HttpServerResponse.uint8Array(gzipped, {
          contentType,
          headers: { ...headers, "content-encoding": "gzip" },
        })
      : HttpServerResponse.uint8Array(bytes, { contentType, headers }),
  )
}

/** The page names what it loads from where it stands itself, so that it may be served below any path. */
const toTheSlash = HttpServerResponse.empty({ status: 308, headers: { location: "console/" } })

const notBuilt: Problem = {
  code: "console-unbuilt",
  detail:
    "Build it by `npx -y pnpm@12 console`; `npx -y pnpm@12 start` and `loan-engine` do so by themselves.",
}

const noSuchFile: Problem = {
  code: "route-unknown",
  detail: "The console has no such file; it may have been built anew: load the page again.",
}
