/** The limits of a connection to the HTTP server: memory, time, and the number of connections. */
export interface ServerLimits {
  /**
   * How long a whole request may take to arrive, and its headers alone, with the silence of the connection before them.
   */
  readonly requestMsMax: number
  readonly headersMsMax: number
  readonly headerBytesMax: number
  /** How long a connection may be idle between two requests. */
  readonly keepAliveMsMax: number
  /** Further connections are closed when they arrive, so this must be far more than the bank ever opens. */
  readonly connectionsMax: number
  /** How often to look for connections that took too long. */
  readonly connectionsCheckMs: number
  /** How long a stop waits for running requests. */
  readonly stopMsMax: number
  /**
   * How long a stopping engine still serves after it reports that it is not ready, so that load balancers stop sending
   * requests.
   */
  readonly stopDrainMs: number
  /** How long the write check of the store may take before the engine counts as not ready. */
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
