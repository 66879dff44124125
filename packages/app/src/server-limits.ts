/** What the HTTP server allows a connection to take: memory, time, and a place among the others. */
export interface ServerLimits {
  /** How long a request may take to come in as a whole, and its headers alone, a connection's silence before them included. */
  readonly requestMsMax: number
  readonly headersMsMax: number
  readonly headerBytesMax: number
  /** How long a connection may rest between two requests. */
  readonly keepAliveMsMax: number
  /** More connections than these are closed as they come, so it must be far more than the bank ever opens. */
  readonly connectionsMax: number
  /** How often connections are looked over for those that took too long. */
  readonly connectionsCheckMs: number
  /** How long a stop waits for requests under way. */
  readonly stopMsMax: number
}

export const serverLimitsDefault: ServerLimits = {
  requestMsMax: 30_000,
  headersMsMax: 10_000,
  headerBytesMax: 16_384,
  keepAliveMsMax: 5_000,
  connectionsMax: 10_000,
  connectionsCheckMs: 1_000,
  stopMsMax: 10_000,
}
