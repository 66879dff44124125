import { exchangeFailure, makeAgent } from "@loan-engine/adapters-http/http/exchange"
import { retryAfterMs } from "@loan-engine/adapters-http/http/retry-after"
import { Clock, Effect, Metric } from "effect"
import type { Scope } from "effect"
import type { Dispatcher } from "undici"
import { webhookDeliveriesCounter, webhookDuration } from "../telemetry/metrics.ts"
import { version } from "../base/version.ts"
import type { WebhookMessage } from "./message.ts"
import type { WebhookEndpoint, WebhookLimits } from "./settings.ts"
import { signatures } from "./signature.ts"

/** The outcome of one attempt. `why` is an HTTP status or a system's error code, never the receiver's text. */
export type Delivery =
  | { readonly outcome: "delivered" }
  | { readonly outcome: "gone"; readonly why: string }
  | {
      readonly outcome: "refused" | "timed-out" | "unreachable"
      readonly why: string
      /** How long the receiver asks us to wait. */
      readonly retryAfterMs?: number
    }

export type Send = (message: WebhookMessage) => Effect.Effect<Delivery>

type SenderLimits = Pick<WebhookLimits, "webhookRequestMsMax" | "webhookConnectMsMax" | "webhooksInFlightMax">

/**
 * Makes a sender for one endpoint. A webhook is signed when it is sent. The sender follows no redirect and uses only
 * the status of an answer. Its connections close with the scope.
 */
export const makeSender = Effect.fnUntraced(function* (
  endpoint: WebhookEndpoint,
  limits: SenderLimits,
): Effect.fn.Return<Send, never, Scope.Scope> {
  const agent = yield* makeAgent(
    {
      connectMsMax: limits.webhookConnectMsMax,
      headersMsMax: limits.webhookRequestMsMax,
      bodyIdleMsMax: limits.webhookRequestMsMax,
      responseBytesMax: unlimited,
      connectionsMax: limits.webhooksInFlightMax,
    },
    endpoint.route,
  )
  const { name } = endpoint
  return Effect.fnUntraced(function* (message: WebhookMessage) {
    const begun = yield* Clock.currentTimeMillis
    const headers = headersOf(endpoint, message, Math.floor(begun / 1_000))
    let answer: Answer | undefined
    const delivery = yield* Effect.tryPromise({
      try: async (signal) => {
        const { body, ...response } = await post(agent, endpoint.url, headers, message.body, signal)
        answer = response
        // The status is enough. The body is read only so that the connection can be reused. It does not matter if
        // reading fails.
        await body.dump({ limit: webhookAnswerBytesMax, signal }).catch(() => undefined)
        return deliveryOf(response, begun)
      },
      catch: failureOf,
    }).pipe(
      Effect.catch((failure) => Effect.succeed(failure)),
      Effect.timeoutOrElse({
        duration: limits.webhookRequestMsMax,
        orElse: () => Effect.succeed(answer === undefined ? unanswered : deliveryOf(answer, begun)),
      }),
    )
    const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1_000
    yield* Metric.update(webhookDuration.of({ endpoint: name }), seconds)
    yield* Metric.update(webhookDeliveriesCounter.of({ endpoint: name, outcome: delivery.outcome }), 1)
    return delivery
  })
})

/** How much of an answer's body is read, so that the connection can be reused. */
export const webhookAnswerBytesMax = 65_536

/** No limit for undici, because an answer that is too long must not fail. The sender itself stops reading. */
const unlimited = -1

const headersOf = ({ keys }: WebhookEndpoint, { id, body }: WebhookMessage, at: number) => ({
  "content-type": "application/json",
  "user-agent": `loan-engine/${version}`,
  "webhook-id": id,
  "webhook-timestamp": String(at),
  "webhook-signature": signatures(keys, id, at, body),
})

interface Answer {
  readonly status: number
  readonly retryAfter: string | ReadonlyArray<string> | undefined
}

const unanswered: Delivery = { outcome: "timed-out", why: "no answer in time" }

async function post(
  agent: Dispatcher,
  url: URL,
  headers: Readonly<Record<string, string>>,
  content: string,
  signal: AbortSignal,
) {
  const { origin, pathname, search } = url
  const response = await agent.request({
    origin,
    path: pathname + search,
    method: "POST",
    headers,
    body: content,
    signal,
  })
  const { statusCode: status, headers: answered, body } = response
  return { status, body, retryAfter: answered["retry-after"] }
}

const statusesThatMayWait: ReadonlySet<number> = new Set([429, 503])

function deliveryOf({ status, retryAfter }: Answer, now: number): Delivery {
  const why = `HTTP ${status}`
  if (status >= 200 && status < 300) return { outcome: "delivered" }
  if (status === 410) return { outcome: "gone", why }
  const waitMs = statusesThatMayWait.has(status) ? retryAfterMs(retryAfter, now) : undefined
  return { outcome: "refused", why, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
}

function failureOf(error: unknown): Delivery {
  const { kind, code } = exchangeFailure(error)
  return { outcome: kind === "timed-out" ? kind : "unreachable", why: code }
}
