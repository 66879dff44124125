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
  /** How long a stop goes on serving after it says that it is not ready, so that nobody is sent here any more. */
  readonly stopDrainMs: number
  /** How long the store may take to show that it can be written, before the engine counts as not ready. */
  readonly readyMsMax: number
}

export const serverLimitsDefault: ServerLimits = {
  requestMsMax: 30_000,
  headersMsMax: 10_000,
  headerBytesMax: 16_384,
  keepAliveMsMax: 5_000,
  connectionsMax: 10_000,
  connectionsCheckMs: 1_000,
  stopMsMax: 10_000,
  stopDrainMs: 1_000,
  readyMsMax: 2_000,
}
