import type { Scope } from "effect"
import { Deferred, Duration, Effect, Queue, Random } from "effect"
import { limit } from "../base/limits.ts"
import type { LimitsOf } from "../base/limits.ts"
import { StoreUnavailable } from "../ports/loan-store.ts"
import { commitMetrics } from "../telemetry/commit-metrics.ts"

export const groupCommitLimits = {
  queuedUpdatesMax: limit(
    4_096,
    "how many updates may wait for their commit. If more arrive, their callbacks get 503",
  ),
  // This limit also bounds how long the first record of a batch waits.
  transactionUpdatesMax: limit(
    256,
    "how many updates may share one transaction. At most 1,024 on PostgreSQL",
  ),
}
export type GroupCommitLimits = LimitsOf<typeof groupCommitLimits>

/** The longest wait before a request is retried because another process has changed the loan. */
export const staleRetryMsMax = 250

/** How often a request is retried because other processes have changed the loan. After that, it is refused. */
const staleTriesMax = 32

/** What happened to one request of a batch. */
export type Outcome<Answer> = { readonly state: "written"; readonly answer: Answer } | Unwritten

/** Why nothing was written for a request. */
export type Unwritten =
  /** Another request of this batch comes first, so this one waits for the next batch. */
  | { readonly state: "again" }
  /**
   * Another process has changed the loan. The request is retried after a short random wait, so that the same two
   * processes do not collide again.
   */
  | { readonly state: "stale" }
  /** The store refused the request. */
  | { readonly state: "refused"; readonly reason: string }
  /** The request caused a defect. Other requests are not affected. */
  | { readonly state: "defect"; readonly defect: unknown }

/**
 * Writes a batch in one transaction. The result is the outcome of each request, in order. If the effect itself fails,
 * that is a defect.
 */
export type CommitBatch<Request, Answer> = (
  batch: ReadonlyArray<Request>,
) => Effect.Effect<ReadonlyArray<Outcome<Answer>>>

interface Waiting<Request, Answer> {
  readonly request: Request
  readonly done: Deferred.Deferred<Answer, StoreUnavailable>
  tries: number
}

/**
 * Group commit. All waiting requests share one transaction, in the order in which they arrived. Each is answered
 * after the commit that made it durable. While one batch is written to the disk, the next batch collects. A request
 * cannot be interrupted: the caller always waits for its outcome.
 */
export const makeGroupCommit = Effect.fnUntraced(function* <Request, Answer>(
  limits: GroupCommitLimits,
  commit: CommitBatch<Request, Answer>,
): Effect.fn.Return<(request: Request) => Effect.Effect<Answer, StoreUnavailable>, never, Scope.Scope> {
  type Waits = Waiting<Request, Answer>
  const queue = yield* Queue.bounded<Waits>(limits.queuedUpdatesMax)
  let again: ReadonlyArray<Waits> = []
  let stopped = false
  const { committed } = yield* commitMetrics(() => Queue.sizeUnsafe(queue))
  const scope = yield* Effect.scope
  const resting = new Set<Waits>()
  const retryLater = Effect.fnUntraced(function* (waiting: Waits) {
    const longest = Math.min(staleRetryMsMax, 2 ** waiting.tries)
    yield* Effect.sleep((yield* Random.next) * longest)
    yield* Queue.offer(queue, waiting)
    resting.delete(waiting)
  })

  const commitNext = Effect.gen(function* () {
    const room = limits.transactionUpdatesMax - again.length
    const fresh = yield* again.length === 0
      ? Queue.takeBetween(queue, 1, limits.transactionUpdatesMax)
      : Queue.takeBetween(queue, 0, Math.max(room, 0))
    const batch = [...again, ...fresh]
    again = []
    yield* Effect.uninterruptible(
      Effect.matchCauseEffect(Effect.timed(commit(batch.map(({ request }) => request))), {
        onSuccess: ([took, outcomes]) => {
          committed(batch.length, Duration.toSeconds(took))
          const left = settle(batch, outcomes)
          if (stopped) {
            failAll([...left.again, ...left.stale], Effect.fail(shuttingDown))
            return Effect.void
          }
          again = left.again
          // The stale updates are registered before a fiber takes them. A stop may end the fiber before its first
          // step, and the callers must still get an answer.
          for (const waiting of left.stale) resting.add(waiting)
          return Effect.forEach(left.stale, (waiting) => Effect.forkIn(retryLater(waiting), scope), {
            discard: true,
          })
        },
        // If the writer has a defect, every request of the batch gets it.
        onFailure: (cause) => Effect.sync(() => failAll(batch, Effect.failCause(cause))),
      }),
    )
  })
  const stop = Effect.suspend(() => {
    stopped = true
    failAll([...again, ...resting], Effect.fail(shuttingDown))
    return Effect.map(Queue.clear(queue), (waiting) => failAll(waiting, Effect.fail(shuttingDown)))
  })
  yield* Effect.acquireRelease(Effect.forkScoped(Effect.forever(commitNext)), () => stop)

  return (request) =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        if (stopped) return Effect.fail(shuttingDown)
        const done = Deferred.makeUnsafe<Answer, StoreUnavailable>()
        return Queue.offerUnsafe(queue, { request, done, tries: 0 })
          ? Deferred.await(done)
          : Effect.fail(queueFull)
      }),
    )
})

/** Answers the requests of a batch. The result is the requests that must be retried, at once or later. */
function settle<Request, Answer>(
  batch: ReadonlyArray<Waiting<Request, Answer>>,
  outcomes: ReadonlyArray<Outcome<Answer>>,
): { readonly [State in "again" | "stale"]: ReadonlyArray<Waiting<Request, Answer>> } {
  const left: { [State in "again" | "stale"]: Array<Waiting<Request, Answer>> } = { again: [], stale: [] }
  batch.forEach((waiting, index) => {
    const outcome = outcomes[index] ?? unanswered
    // A request does not wait forever: every batch completes at least one update of each loan.
    if (outcome.state === "again") left.again.push(waiting)
    else if (outcome.state === "stale" && ++waiting.tries <= staleTriesMax) left.stale.push(waiting)
    else Deferred.doneUnsafe(waiting.done, answerOf(outcome))
  })
  return left
}

const unanswered: Outcome<never> = {
  state: "defect",
  defect: new Error("the writer answered fewer requests than it was given"),
}

function answerOf<Answer>(
  outcome: Exclude<Outcome<Answer>, { state: "again" }>,
): Effect.Effect<Answer, StoreUnavailable> {
  switch (outcome.state) {
    case "written":
      return Effect.succeed(outcome.answer)
    case "stale":
      return Effect.fail(overtaken)
    case "refused":
      return Effect.fail(
        new StoreUnavailable({ message: `The store cannot take this now: ${outcome.reason}` }),
      )
    case "defect":
      return Effect.die(outcome.defect)
  }
}

function failAll<Request, Answer>(
  batch: ReadonlyArray<Waiting<Request, Answer>>,
  failure: Effect.Effect<never, StoreUnavailable>,
): void {
  for (const { done } of batch) Deferred.doneUnsafe(done, failure)
}

const queueFull = new StoreUnavailable({ message: "Too many writes wait for the store (queuedUpdatesMax)." })
const shuttingDown = new StoreUnavailable({ message: "The store is shutting down." })
const overtaken = new StoreUnavailable({ message: "Other processes kept changing the same loan: retry." })
