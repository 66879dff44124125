import { Clock, Effect } from "effect"
import type { StoreUnavailable } from "../ports/loan-store.ts"

/** The shortest time between two log lines with the same reason. */
const complaintEveryMs = 60_000

/**
 * How long no request must have failed before the failure counts as over. A shorter time is not enough, because reads
 * may succeed while writes fail.
 */
const soundAfterMs = 10_000

/** How many different reasons are counted. Further reasons are counted together. */
const reasonsMax = 32

interface Told {
  at: number
  /** How many requests failed for this reason since its last log line. */
  untold: number
}

/** Passes a store's answer on. If it is a failure, it is logged. */
export type Complain = <A>(answer: Effect.Effect<A, StoreUnavailable>) => Effect.Effect<A, StoreUnavailable>

/**
 * Logs why the store cannot be used. Each reason is logged when it first occurs, and then at most once a minute, with
 * the number of requests that failed since. When the failure is over, that is logged too.
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
