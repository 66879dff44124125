import { expect } from "vitest"
import type { EngineProcess } from "./engine-process.ts"

/** The part of an engine that this check uses. */
export type Asked = Pick<EngineProcess, "callback" | "api">

/**
 * Checks that readiness agrees with callbacks. Both must answer 200, or both 503. A 503 to a callback must say when
 * to retry.
 */
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
