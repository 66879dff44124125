import { Effect, Metric } from "effect"
import type { Scope } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { recurring } from "../ports/recurring.ts"
import { webhookDisabledGauge, webhookLagGauge, webhookParkedGauge } from "../telemetry/metrics.ts"
import { WebhookStore } from "../ports/webhook-store.ts"
import type { WebhookState } from "../ports/webhook-store.ts"

/**
 * Counts the waiting webhooks of every endpoint, and reports disabled endpoints. Every engine does this, not only the
 * one that delivers.
 */
export const watchWebhooks = Effect.fnUntraced(function* (
  endpoints: ReadonlyArray<string>,
  everyMs: number,
): Effect.fn.Return<void, never, WebhookStore | Scope.Scope> {
  const store = yield* WebhookStore
  const alarmed = new Set<string>()
  const watch = Effect.gen(function* () {
    const newest = yield* store.newest
    const states = yield* statesOf(endpoints)
    for (const state of states) yield* Effect.andThen(show(state, newest), alarm(state, alarmed))
  })
  const watched = Effect.provideService(watch, WebhookStore, store)
  yield* recurring("webhooks could not be counted", everyMs, watched)
})

/** The states of these endpoints. Endpoints without a position are left out. */
export const statesOf = (
  endpoints: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<WebhookState>, StoreUnavailable, WebhookStore> =>
  Effect.flatMap(WebhookStore, (store) =>
    Effect.map(store.states, (states) => states.filter(({ endpoint }) => endpoints.includes(endpoint))),
  )

const show = (
  { endpoint, position, parked, disabledAt }: WebhookState,
  newest: number,
): Effect.Effect<void> =>
  Effect.all(
    [
      Metric.update(webhookLagGauge.of({ endpoint }), Math.max(0, newest - position)),
      Metric.update(webhookParkedGauge.of({ endpoint }), parked),
      Metric.update(webhookDisabledGauge.of({ endpoint }), Number(disabledAt !== null)),
    ],
    { discard: true },
  )

/**
 * Logs a warning when an endpoint becomes disabled. It is logged again only if the endpoint was enabled in between.
 */
function alarm(state: WebhookState, alarmed: Set<string>): Effect.Effect<void> {
  const { endpoint, disabledAt, parked } = state
  if (disabledAt === null) alarmed.delete(endpoint)
  if (disabledAt === null || alarmed.has(endpoint)) return Effect.void
  alarmed.add(endpoint)
  return Effect.annotateLogs(Effect.logWarning(webhookAlarm(state)), { endpoint, parked })
}

/** The warning that an endpoint is disabled. */
export const webhookAlarm = ({ endpoint, disabledWhy }: WebhookState): string =>
  `webhooks to ${endpoint} are disabled: ${disabledWhy}. Nothing is lost: fix the receiver, then run: ` +
  `loan-engine webhooks enable ${endpoint}`
