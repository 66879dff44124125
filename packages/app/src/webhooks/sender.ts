import { Clock, Effect, Metric } from "effect"
import type { Scope } from "effect"
import type { Dispatcher } from "undici"
import { makeRoutedAgent } from "@loan-engine/adapters-http/http/routed-agent"
import { straightRoute } from "@loan-engine/adapters-http/http/route"
import { webhookDeliveriesCounter, webhookDuration } from "../telemetry/metrics.ts"
import { version } from "../base/version.ts"
import type { WebhookMessage } from "./message.ts"
import type { WebhookEndpoint, WebhookLimits } from "./settings.ts"
import { signatures } from "./signature.ts"

/** The outcome of one attempt. `why` is a status or a system's code, never the receiver's text. */
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

type SenderLimits = Pick<
  WebhookLimits,
  "webhookRequestMsMax" | "webhookConnectMsMax" | "webhookAnswerBytesMax" | "webhooksInFlightMax"
>

/**
 * Sends to one endpoint. The message is signed when it is sent. The sender's own connections close with the scope. It
 * follows no redirect, and uses only a receiver's status.
 */
export const makeSender = Effect.fnUntraced(function* (
  endpoint: WebhookEndpoint,
  limits: SenderLimits,
): Effect.fn.Return<Send, never, Scope.Scope> {
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() => makeAgent(endpoint, limits)),
    (agent) => Effect.promise(() => agent.destroy()),
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
        // The status is sufficient. The rest is read only so that the connection can be reused, and may break off.
        await body.dump({ limit: limits.webhookAnswerBytesMax, signal }).catch(() => undefined)
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

const headerBytesMax = 16_384
const keepAliveMs = 4_000
const keepAliveMsMax = 60_000

const makeAgent = ({ route = straightRoute }: WebhookEndpoint, limits: SenderLimits): Dispatcher =>
  makeRoutedAgent(limits.webhookConnectMsMax, route, {
    connections: limits.webhooksInFlightMax,
    headersTimeout: limits.webhookRequestMsMax,
    bodyTimeout: limits.webhookRequestMsMax,
    maxHeaderSize: headerBytesMax,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMsMax,
    strictContentLength: true,
  })

const headersOf = ({ keys }: WebhookEndpoint, { id, body }: WebhookMessage, at: number) => ({
  "content-type": "application/json",
  "user-agent": `loan-engine/${version}`,
  "webhook-id": id,
  "webhook-timestamp": String(at),
  "webhook-signature": signatures(keys, id, at, body),
})

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
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
  const { statusCode: status, body } = response
  const retryAfter = response.headers["retry-after"]
  return { status, body, retryAfter: typeof retryAfter === "string" ? retryAfter : undefined }
}

const statusesThatMayWait: ReadonlySet<number> = new Set([429, 503])

function deliveryOf({ status, retryAfter }: Answer, now: number): Delivery {
  const why = `HTTP ${status}`
  if (status >= 200 && status < 300) return { outcome: "delivered" }
  if (status === 410) return { outcome: "gone", why }
  const retryAfterMs = statusesThatMayWait.has(status) ? waitOf(retryAfter, now) : undefined
  return { outcome: "refused", why, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** Seconds, or a date. Any other value asks for nothing. */
function waitOf(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined
  if (/^\d{1,9}$/u.test(retryAfter)) return Number(retryAfter) * 1_000
  const at = Date.parse(retryAfter)
  return Number.isFinite(at) ? Math.max(0, at - now) : undefined
}

const timeOutCodes: ReadonlySet<string> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
])

/** Only the code is kept, because an error's message may quote what was sent. */
function failureOf(error: unknown): Delivery {
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN"
  return { outcome: timeOutCodes.has(code) ? "timed-out" : "unreachable", why: code }
}
