import { defaultsOf, limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"

/** The limits of the HTTP server: memory, time, and the number of connections. */
export const serverLimits = {
  requestMsMax: limit(30_000, "how long a request may take to arrive"),
  // This includes the silence of the connection before the headers.
  headersMsMax: limit(10_000, "how long a request's headers may take to arrive"),
  headerBytesMax: limit(16_384, "how large a request's headers may be"),
  keepAliveMsMax: limit(5_000, "how long a connection may be idle between two requests"),
  // Far more connections than the bank ever opens.
  connectionsMax: limit(
    10_000,
    "how many connections may be open; the engine closes any further connection at once",
  ),
  connectionsCheckMs: limit(1_000, "how often to look for slow connections"),
  // In this time, load balancers notice it and stop sending requests.
  stopDrainMs: limit(1_000, "how long a stopping engine still serves while `/health/ready` answers 503"),
  stopMsMax: limit(10_000, "how long a stopping engine waits for running requests, after `stopDrainMs`"),
  readyMsMax: limit(2_000, "how long the write check of the store may take before the engine is not ready"),
}
export type ServerLimits = LimitsOf<typeof serverLimits>

export const serverLimitsDefault = defaultsOf(serverLimits)
