import type { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"
import { Deferred, Effect, Queue } from "effect"
import type { Scope } from "effect"
import { StoreUnavailable } from "../loan-store.ts"
import type { ConnectionSettings, WriteJob, WriteOutcome } from "./sqlite-writes.ts"
import { makeCommit } from "./sqlite-writes.ts"

/** Commits one batch at a time; what it fails with is a defect. */
type CommitBatch = (jobs: ReadonlyArray<WriteJob>) => Effect.Effect<ReadonlyArray<WriteOutcome>>

/** Writes on the calling thread, which stands still until the disk has it. */
export const inlineCommit = (database: DatabaseSync): CommitBatch => {
  const commit = makeCommit(database)
  return (jobs) => Effect.sync(() => commit(jobs))
}

/** Writes on a thread of its own, so that everything else goes on, and the next batch gathers, while the disk is at work. */
export const threadCommit = Effect.fnUntraced(function* (
  settings: ConnectionSettings,
): Effect.fn.Return<CommitBatch, never, Scope.Scope> {
  const { path, busyTimeoutMs } = settings
  const worker = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new Worker(new URL("./sqlite-writer-thread.ts", import.meta.url), {
          workerData: { path, busyTimeoutMs },
        }),
    ),
    (running) =>
      Effect.callback<void>((resume) => {
        running.once("exit", () => resume(Effect.void))
        running.postMessage(null)
      }),
  )
  const died = Deferred.makeUnsafe<never>()
  worker.on("error", (cause) => Deferred.doneUnsafe(died, Effect.die(cause)))
  return (jobs) =>
    Effect.raceFirst(
      Effect.callback<ReadonlyArray<WriteOutcome>>((resume) => {
        worker.once("message", (outcomes: ReadonlyArray<WriteOutcome>) => resume(Effect.succeed(outcomes)))
        worker.postMessage(jobs)
      }),
      Deferred.await(died),
    )
})

export interface WriterLimits {
  /** How many jobs may wait for their commit; beyond, the store is unavailable for a moment. */
  readonly queuedUpdatesMax: number
  /** How many jobs one transaction may hold. */
  readonly transactionUpdatesMax: number
}

/** Succeeds with the job's rows once they are durable. It cannot be interrupted: what was handed over is waited for. */
export type WriteAndWait = (job: WriteJob) => Effect.Effect<ReadonlyArray<unknown>, StoreUnavailable>

interface Waiting {
  readonly job: WriteJob
  readonly done: Deferred.Deferred<ReadonlyArray<unknown>, StoreUnavailable>
}

/** Group commit: whatever waits shares one transaction, and each is told after the commit that made it durable. */
export const makeWriter = Effect.fnUntraced(function* (
  commit: CommitBatch,
  limits: WriterLimits,
): Effect.fn.Return<WriteAndWait, never, Scope.Scope> {
  const queue = yield* Queue.bounded<Waiting>(limits.queuedUpdatesMax)
  const commitNext = Queue.takeBetween(queue, 1, limits.transactionUpdatesMax).pipe(
    Effect.flatMap((batch) =>
      Effect.uninterruptible(
        Effect.onExit(
          Effect.map(commit(batch.map(({ job }) => job)), (outcomes) => settle(batch, outcomes)),
          // A defect of the writer reaches everybody who waits for it.
          (exit) =>
            exit._tag === "Success"
              ? Effect.void
              : Effect.sync(() => failAll(batch, Effect.failCause(exit.cause))),
        ),
      ),
    ),
  )
  yield* Effect.forkScoped(
    Effect.ensuring(
      Effect.forever(commitNext),
      Effect.flatMap(Queue.clear(queue), (waiting) =>
        Effect.sync(() => failAll(waiting, Effect.fail(shuttingDown))),
      ),
    ),
  )
  return (job) =>
    Effect.uninterruptible(
      Effect.suspend(() => {
        const done = Deferred.makeUnsafe<ReadonlyArray<unknown>, StoreUnavailable>()
        return Queue.offerUnsafe(queue, { job, done }) ? Deferred.await(done) : Effect.fail(queueFull)
      }),
    )
})

function settle(batch: ReadonlyArray<Waiting>, outcomes: ReadonlyArray<WriteOutcome>): void {
  batch.forEach(({ done }, index) => {
    const outcome = outcomes[index]
    if (outcome === undefined)
      Deferred.doneUnsafe(done, Effect.die("the writer answered fewer jobs than it was given"))
    else
      Deferred.doneUnsafe(
        done,
        outcome.written ? Effect.succeed(outcome.rows) : Effect.fail(refused(outcome.refused)),
      )
  })
}

function failAll(batch: ReadonlyArray<Waiting>, failure: Effect.Effect<never, StoreUnavailable>): void {
  for (const { done } of batch) Deferred.doneUnsafe(done, failure)
}

const refused = (reason: string): StoreUnavailable =>
  new StoreUnavailable({ message: `The SQLite store cannot take this now: ${reason}` })

const queueFull = new StoreUnavailable({ message: "The store has more writes waiting than it may queue." })
const shuttingDown = new StoreUnavailable({ message: "The store is shutting down." })
