import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import type { Redacted } from "effect"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"

export const webhookLimits = {
  webhookRequestMsMax: limit(15_000, "how long a receiver may take to answer one message"),
  webhookConnectMsMax: limit(5_000, "how long connecting to a receiver may take"),
  webhooksInFlightMax: limit(
    8,
    "how many messages the engine may send to one endpoint at the same time, each of another loan",
  ),
  webhookPageRowsMax: limit(
    100,
    "how many changes, and how many parked loans, the engine reads in one round",
  ),
  webhookPollMs: limit(
    1_000,
    "how often the engine looks for due messages, and for changes of other processes",
  ),
  webhookStoreRetryMs: limit(
    5_000,
    "how long delivery pauses after the engine could not read or write the store",
  ),
  webhookLeaseMs: limit(
    60_000,
    "PostgreSQL: the lease of an endpoint. If the delivering engine dies, another engine takes over after this time. It must be at least four times `webhookRequestMsMax`",
  ),
  webhookRetryAfterMsMax: limit(
    86_400_000,
    "the longest Retry-After that the engine accepts from a receiver",
  ),
  webhookWatchEveryMs: limit(
    10_000,
    "how often the engine counts waiting messages, and reports disabled endpoints",
  ),
}
export type WebhookLimits = LimitsOf<typeof webhookLimits>

/**
 * How many request timeouts a lease must last. When a round begins, half of the lease may be over. The round starts
 * requests for one timeout, and then waits one timeout for the last answers.
 */
export const requestsPerLease = 4

/** One webhook endpoint: a service of the merchant that receives every change. */
export interface WebhookEndpoint {
  readonly name: string
  readonly url: URL
  /** The secrets that sign. During a rotation there are two: the new one and the old one. */
  readonly keys: Redacted.Redacted<ReadonlyArray<Uint8Array>>
  /** How requests reach the endpoint. The default is a direct connection. */
  readonly route?: BankRoute
}

export interface WebhookSettings {
  readonly endpoints: ReadonlyArray<WebhookEndpoint>
  readonly limits: WebhookLimits
}
