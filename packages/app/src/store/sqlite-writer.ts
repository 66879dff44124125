import type { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"
import { Deferred, Effect } from "effect"
import type { Scope } from "effect"
import type { ConnectionSettings } from "./sqlite-connection.ts"
import type { Write, WriteJob, WriteOutcome } from "./sqlite-writes.ts"
import { makeCommit } from "./sqlite-writes.ts"

/** Commits one batch at a time; what it fails with is a defect. */
export type CommitJobs = (jobs: ReadonlyArray<WriteJob>) => Effect.Effect<ReadonlyArray<WriteOutcome>>

/** Writes on the calling thread, which stands still until the disk has it. */
export const inlineCommit = (database: DatabaseSync): CommitJobs => {
  const commit = makeCommit(database)
  return (jobs) => Effect.sync(() => commit(jobs))
}

/** Writes on a thread of its own, so that everything else goes on, and the next batch gathers, while the disk is at work. */
export const threadCommit = Effect.fnUntraced(function* (
  settings: ConnectionSettings,
): Effect.fn.Return<CommitJobs, never, Scope.Scope> {
  const { path, busyTimeoutMs, walPagesMax } = settings
  const worker = yield* Effect.acquireRelease(
    Effect.sync(
      () =>
        new Worker(new URL("./sqlite-writer-thread.ts", import.meta.url), {
          workerData: { path, busyTimeoutMs, walPagesMax },
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
        worker.postMessage(jobs.map((job) => job.map(standingAlone)))
      }),
      Deferred.await(died),
    )
})

/** Bytes are mostly a view of a far larger buffer, and what is sent between threads is the buffer. */
const standingAlone = ({ statement, parameters }: Write): Write => ({
  statement,
  parameters: parameters.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value)),
})
