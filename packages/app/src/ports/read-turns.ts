import { makeWarning } from "@loan-engine/adapters-http/telemetry/rare-warning"
import { Context, Data, Effect, Layer, Semaphore } from "effect"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"

export const readLimits = {
  // Each read works on the thread that answers callbacks, and holds a connection to PostgreSQL.
  readsAtOnceMax: limit(
    3,
    "how many lists, histories, counts and pages of changes the engine reads at the same time. On PostgreSQL, keep it below `databaseConnectionsMax`, so that callbacks always find a connection",
  ),
  readsWaitingMax: limit(
    100,
    "how many requests for lists, histories and counts may wait until others are read. Further requests get 503",
  ),
  readMsMax: limit(
    10_000,
    "how long a list, a history or a count may take, including its wait. If it takes longer, the engine answers 503",
  ),
}
export type ReadLimits = LimitsOf<typeof readLimits>

/** A read has found no turn. `message` says why. */
export class ReadRefused extends Data.TaggedError("ReadRefused")<{ readonly message: string }> {}

/**
 * Lets only a few reads of many loans or rows work at the same time, in the order of their requests. So any number of
 * readers delays a callback by the same few steps. A read by key needs no turn. A read must not ask for a second turn.
 */
export class ReadTurns extends Context.Service<
  ReadTurns,
  {
    /** Runs the read of a request. It is refused if too many wait, or if it takes too long with its wait. */
    readonly forRequest: <A, E, R>(read: Effect.Effect<A, E, R>) => Effect.Effect<A, E | ReadRefused, R>
    /** Runs a read of a stream, one at a time. It waits as long as necessary. The number of streams has its own limit. */
    readonly forStream: <A, E, R>(read: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("@loan-engine/app/ReadTurns") {
  static readonly layer = (limits: ReadLimits): Layer.Layer<ReadTurns> =>
    Layer.effect(ReadTurns, makeReadTurns(limits))
}

const makeReadTurns = Effect.fnUntraced(function* ({
  readsAtOnceMax,
  readsWaitingMax,
  readMsMax,
}: ReadLimits): Effect.fn.Return<ReadTurns["Service"]> {
  const turns = yield* Semaphore.make(readsAtOnceMax)
  // Requests must not hold up the streams and the webhooks.
  const streams = yield* Semaphore.make(1)
  const warn = makeWarning("a list, a history or a count was refused", "refused")
  let requests = 0
  const refuse = (message: string) =>
    Effect.andThen(warn({ reason: message }), Effect.fail(new ReadRefused({ message })))
  const inTurn = <A, E, R>(read: Effect.Effect<A, E, R>) =>
    Effect.timeoutOrElse(turns.withPermit(read), {
      duration: readMsMax,
      orElse: () => refuse(`it took longer than ${readMsMax} ms, with its wait (readMsMax)`),
    })
  return {
    forRequest: (read) =>
      Effect.suspend(() =>
        requests >= readsAtOnceMax + readsWaitingMax
          ? refuse(`${readsWaitingMax} requests wait already (readsWaitingMax)`)
          : Effect.acquireUseRelease(
              Effect.sync(() => requests++),
              () => inTurn(read),
              () => Effect.sync(() => requests--),
            ),
      ),
    forStream: (read) => streams.withPermit(read),
  }
})
