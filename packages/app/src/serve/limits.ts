import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"

/** The limits of the HTTP server: memory, time, and the number of connections. */
export const serverLimits = {
  requestMsMax: limit(30_000, "the longest time that a whole request may take to arrive"),
  // This includes the silence of the connection before the headers.
  headersMsMax: limit(10_000, "the longest time that a request's headers may take to arrive"),
  headerBytesMax: limit(16_384, "the largest size of a request's headers"),
  keepAliveMsMax: limit(5_000, "the longest time that a connection may be idle between two requests"),
  // Far more connections than the bank ever opens.
  connectionsMax: limit(
    10_000,
    "the largest number of open connections. The engine closes further connections at once",
  ),
  connectionsCheckMs: limit(1_000, "how often the engine looks for slow connections"),
  // In this time, load balancers notice it and stop sending requests.
  stopDrainMs: limit(
    1_000,
    "how long a stopping engine still serves requests, while `/health/ready` answers 503",
  ),
  stopMsMax: limit(10_000, "how long a stopping engine then waits for open requests"),
  readyMsMax: limit(
    2_000,
    "how long the readiness check's test write to the store may take. If it takes longer, the engine is not ready",
  ),
}
export type ServerLimits = LimitsOf<typeof serverLimits>

export const serverLimitsDefault = defaultsOf(serverLimits)
