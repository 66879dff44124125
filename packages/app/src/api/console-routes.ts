import { readdir, readFile } from "node:fs/promises"
import { dirname, extname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { gzipSync } from "node:zlib"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { takesGzip } from "./gzipped.ts"
import { refuseOtherMethods } from "./other-methods.ts"
import { answering } from "../contract/problem.ts"
import type { Problem } from "../contract/problem.ts"

/**
 * The folder of the built console: a page and its assets. `new URL("…", import.meta.url)` is not used here, because a
 * bundler would expect a file there and stop at a folder.
 */
const builtConsole = (): URL =>
  pathToFileURL(`${join(dirname(fileURLToPath(import.meta.url)), "../../dist/console")}/`)

/** The path of the console's page. Its assets are next to it. */
export const consolePath = "/console/"

/**
 * The operators' console at `/console`. The page reads and rules through `/v1`, with the key that its user enters.
 * Everybody can load its files, but not the data.
 */
export const consoleRoutes = (isServed: boolean, directory: URL = builtConsole()) =>
  isServed
    ? HttpRouter.use((router) =>
        Effect.gen(function* () {
          const files = makeFiles(directory)
          // The router takes the path with and without a slash at the end for the same path.
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

/** The files of the built console, by name. The first successful read is cached. Until then, each request tries again. */
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

/** The page may not load anything from other sites, run inline code, or be shown in a frame. */
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

/** An asset's name contains the hash of its content, so it never changes. */
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
  return Effect.succeed(
    takesGzip(request)
      ? HttpServerResponse.uint8Array(gzipped, {
          contentType,
          headers: { ...headers, "content-encoding": "gzip" },
        })
      : HttpServerResponse.uint8Array(bytes, { contentType, headers }),
  )
}

/** The page names its assets relative to itself, so that it can be served under any path. */
const toTheSlash = HttpServerResponse.empty({ status: 308, headers: { location: "console/" } })

const notBuilt: Problem = {
  code: "console-unbuilt",
  detail:
    "Build the console with `npx -y pnpm@12 console`. `npx -y pnpm@12 start` and `loan-engine` build it automatically.",
}

const noSuchFile: Problem = {
  code: "route-unknown",
  detail: "The console has no such file. It may have been rebuilt: reload the page.",
}
