import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import type { Redacted } from "effect"

export interface WebhookLimits {
  /** The timeout of one message, from the connection to the answer. */
  readonly webhookRequestMsMax: number
  /** The timeout of the connection alone. */
  readonly webhookConnectMsMax: number
  /** How much of an answer is read, only to keep the connection, before the connection is closed. */
  readonly webhookAnswerBytesMax: number
  /** How many messages to one endpoint may run at once, each of a different loan. */
  readonly webhooksInFlightMax: number
  /** How many changes, and how many waiting loans, one round of deliveries takes. */
  readonly webhookPageRowsMax: number
  /**
   * How often an endpoint is checked when nothing has woken it: a waiting loan may be due, or another process may have
   * written.
   */
  readonly webhookPollMs: number
  /** How long an endpoint rests after the store could not be read or written. */
  readonly webhookStoreRetryMs: number
  /** After this time, an engine that has died no longer prevents the others from delivering for its endpoints. */
  readonly webhookLeaseMs: number
  /** The longest wait that a receiver may request with Retry-After. */
  readonly webhookRetryAfterMsMax: number
  /** How often the endpoints are counted, and disabled ones reported. */
  readonly webhookWatchEveryMs: number
  /** How far a retry may vary from its time in both directions, so that retries do not all come at once. */
  readonly webhookJitterPercent: number
}

export const webhookLimitsDefault: WebhookLimits = {
  webhookRequestMsMax: 15_000,
  webhookConnectMsMax: 5_000,
  webhookAnswerBytesMax: 65_536,
  webhooksInFlightMax: 8,
  webhookPageRowsMax: 100,
  webhookPollMs: 1_000,
  webhookStoreRetryMs: 5_000,
  webhookLeaseMs: 60_000,
  webhookRetryAfterMsMax: 86_400_000,
  webhookWatchEveryMs: 10_000,
  webhookJitterPercent: 10,
}

/**
 * How many request timeouts a lease must last. Half of it may be over when a round begins. The round begins requests
 * for as long as one may take, and then waits for as long again.
 */
export const requestsPerLease = 4

/** One of the merchant's services. It receives every change. */
export interface WebhookEndpoint {
  readonly name: string
  readonly url: URL
  /** The secrets that sign: the new one and the old one during a rotation. */
  readonly keys: Redacted.Redacted<ReadonlyArray<Uint8Array>>
  /** How requests reach it. The default is a direct connection. */
  readonly route?: BankRoute
}

export interface WebhookSettings {
  readonly endpoints: ReadonlyArray<WebhookEndpoint>
  readonly limits: WebhookLimits
}
