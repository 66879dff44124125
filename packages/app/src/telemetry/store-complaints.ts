import { Clock, Effect } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"

/** How often the same reason is logged at most. */
const complaintEveryMs = 60_000

/** How long nothing may have failed before it counts as over: reads may go well while no write does. */
const soundAfterMs = 10_000

/** How many reasons are told apart; beyond, they count as one. */
const reasonsMax = 32

interface Told {
  at: number
  /** Failures for this reason since it was told. */
  untold: number
}

/** Passes a store's answers on, and says in the log why it gave none. */
export type Complain = <A>(answer: Effect.Effect<A, StoreUnavailable>) => Effect.Effect<A, StoreUnavailable>

/**
 * Says why a store cannot be used: each reason when it comes up first, then once a minute at most, with how many requests it
 * has cost since; and that it is over.
 */
export function makeComplaints(): Complain {
  const told = new Map<string, Told>()
  let failedAt = 0
  const complain = Effect.fnUntraced(function* ({ message }: StoreUnavailable) {
    const now = yield* Clock.currentTimeMillis
    failedAt = now
    const reason = told.has(message) || told.size < reasonsMax ? message : "several reasons"
    const known = told.get(reason)
    if (known !== undefined && now - known.at < complaintEveryMs) return void known.untold++
    told.set(reason, { at: now, untold: 0 })
    yield* Effect.logWarning("the store cannot be used; requests are answered 503").pipe(
      Effect.annotateLogs({ reason, requests: 1 + (known?.untold ?? 0) }),
    )
  })
  const recovered = Effect.gen(function* () {
    if ((yield* Clock.currentTimeMillis) - failedAt < soundAfterMs) return
    const requests = [...told.values()].reduce((sum, { untold }) => sum + untold, 0)
    told.clear()
    yield* Effect.logInfo("the store can be used again").pipe(Effect.annotateLogs({ untold: requests }))
  })
  return (answer) =>
    answer.pipe(
      Effect.tapError(complain),
      Effect.tap(() => (told.size === 0 ? Effect.void : recovered)),
    )
}
