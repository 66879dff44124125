import { expect } from "vitest"
import type { EngineProcess } from "./engine-process.ts"

/** What readiness is asked of. */
export type Asked = Pick<EngineProcess, "callback" | "api">

/** Readiness says of an engine what a callback shows: both are answered 200, or both 503, the callback with when to come again. */
export async function expectReady(engine: Asked, callback: string, isReady: boolean): Promise<void> {
  const taken = await engine.callback(callback)
  const ready = await engine.api("GET", "/health/ready")
  const status = isReady ? 200 : 503
  expect({
    callback: taken.status,
    ready: ready.status,
    retryAfter: taken.headers.has("retry-after"),
  }).toEqual({ callback: status, ready: status, retryAfter: !isReady })
}
