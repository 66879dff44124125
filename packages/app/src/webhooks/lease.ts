import { Clock, Effect } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { WebhookStore } from "../ports/webhook-store.ts"
import type { WebhookLimits } from "./settings.ts"

const nanosPerMs = 1_000_000n

/**
 * One engine's lease of an endpoint. Its time is measured on a monotonic clock, and starts before the lease is
 * requested.
 */
export const makeLease = Effect.fnUntraced(function* (
  endpoint: string,
  owner: string,
  limits: WebhookLimits,
) {
  const store = yield* WebhookStore
  const nanos = (ms: number): bigint => BigInt(ms) * nanosPerMs
  const { webhookLeaseMs: leaseMs, webhookRequestMsMax: requestMs } = limits
  let until = 0n
  let beginsUntil = 0n

  /** Takes the lease, or renews it if less than half of it is left. `false` if another engine has the lease. */
  const hold = Effect.gen(function* (): Effect.fn.Return<boolean, StoreUnavailable> {
    const asked = yield* Clock.monotonicTimeNanos
    if (until - asked >= nanos(leaseMs) / 2n) return true
    const now = yield* Clock.currentTimeMillis
    const held = yield* store.lease({ endpoint, owner, now, leaseMs })
    until = held ? asked + nanos(leaseMs) : 0n
    return held
  })

  return {
    hold,
    /** Counts the lease as lost. */
    forget: Effect.sync(() => void (until = 0n)),
    /**
     * Begins a round. A round may start requests only for the length of one request timeout. It starts none that
     * could outlast the lease.
     */
    beginRound: Effect.map(Clock.monotonicTimeNanos, (now) => {
      const latest = until - nanos(requestMs)
      const own = now + nanos(requestMs)
      beginsUntil = own < latest ? own : latest
    }),
    mayBegin: Effect.map(Clock.monotonicTimeNanos, (now) => now < beginsUntil),
  }
})
