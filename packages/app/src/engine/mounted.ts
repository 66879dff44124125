import type { IncomingMessage, ServerResponse } from "node:http"
import { callbackAccount } from "@loan-engine/adapters-http/callback/path"

/**
 * A handler for node:http and frameworks on top of it. Express and NestJS pass `next`. Then the handler passes on
 * every request that is not for the engine.
 */
export type EngineListener = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void

/** The first segment of every path that the engine serves. */
const roots: ReadonlySet<string> = new Set([
  "callbacks",
  "console",
  "docs",
  "health",
  "metrics",
  "openapi.json",
  "v1",
])

/** Whether a path belongs to the engine, even if there is no such route: `/v1/anything` does. */
export const isOurs = (target: string): boolean =>
  callbackAccount(target) !== undefined || roots.has(/^\/([^/?#]*)/u.exec(target)?.[1] ?? "")

/**
 * The request's target in the engine's own form. Express removes the path of a mount from `url` and keeps it in
 * `baseUrl`. With `app.use("/bank", engine.listener)`, the engine serves `/bank/callbacks/se`. If the mount is one of
 * the engine's own paths, as in `app.use("/callbacks", engine.listener)`, its last segment is a part of the target.
 */
export function targetOf(request: IncomingMessage & { readonly baseUrl?: unknown }): string {
  const { baseUrl, url = "" } = request
  if (typeof baseUrl !== "string" || callbackAccount(url) !== undefined) return url
  const root = baseUrl.split("/").at(-1) ?? ""
  if (!roots.has(root) || (root !== "callbacks" && isOurs(url))) return url
  return `/${root}${/^\/(?=$|\?)/u.test(url) ? url.slice(1) : url}`
}
