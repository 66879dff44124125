import type { Redacted } from "effect"

export interface WebhookLimits {
  /** How long a receiver may take for one message, from the connection to its answer. */
  readonly webhookRequestMsMax: number
  /** How long the connection alone may take. */
  readonly webhookConnectMsMax: number
  /** How much of an answer is read, for the connection's sake only, before the connection is given up. */
  readonly webhookAnswerBytesMax: number
  /** How many messages may be under way to one endpoint, each of another loan. */
  readonly webhooksInFlightMax: number
  /** How many changes, and how many loans that wait, one round of deliveries takes up. */
  readonly webhookPageRowsMax: number
  /** How often an endpoint is looked after when nothing has woken it: what waits may be due, another process may have written. */
  readonly webhookPollMs: number
  /** How long an endpoint rests after the store could not be read or written. */
  readonly webhookStoreRetryMs: number
  /** When an engine that has died no longer keeps the others from delivering for its endpoints. */
  readonly webhookLeaseMs: number
  /** The longest wait that a receiver may ask for with Retry-After. */
  readonly webhookRetryAfterMsMax: number
  /** How often the endpoints are counted, and disabled ones told of. */
  readonly webhookWatchEveryMs: number
  /** How far a retry may stray from its time, either way, so that not everything comes at once. */
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
 * How many requests' time a lease must hold: half of it may be gone when a round begins, which begins requests for as long as
 * one may take, and then waits for as long again.
 */
export const requestsPerLease = 4

/** One of the merchant's services that is told of every change. */
export interface WebhookEndpoint {
  readonly name: string
  readonly url: URL
  /** Each signs: the new one beside the old one while they are rotated. */
  readonly keys: Redacted.Redacted<ReadonlyArray<Uint8Array>>
}

export interface WebhookSettings {
  readonly endpoints: ReadonlyArray<WebhookEndpoint>
  readonly limits: WebhookLimits
}
