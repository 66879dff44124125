import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Scope } from "effect"
import type { StoreUnusable } from "../../ports/loan-store.ts"
import type { ConnectionSettings } from "./connection.ts"
import { watchNames } from "./names.ts"
import { startThread } from "./thread.ts"
import type { Write, WriteJob, WriteOutcome } from "./writes.ts"
import { makeCommit, newStamp } from "./writes.ts"

/** Commits one batch at a time. Its failure is a defect. */
export type CommitJobs = (jobs: ReadonlyArray<WriteJob>) => Effect.Effect<ReadonlyArray<WriteOutcome>>

/** Writes on the calling thread, which is blocked until the data is on the disk. */
export const inlineCommit = (database: DatabaseSync, path: string): CommitJobs => {
  // Only an engine can detect foreign stamps, because it has the store to itself and a writing thread.
  const commit = makeCommit(database, { fault: watchNames(path), expect: () => {} })
  return (jobs) => Effect.sync(() => commit(jobs))
}

/** Writes on its own thread, so that everything else continues, and the next batch collects, while the disk works. */
export const threadCommit = Effect.fnUntraced(function* (
  settings: ConnectionSettings,
): Effect.fn.Return<CommitJobs, StoreUnusable, Scope.Scope> {
  const { worker, ended } = yield* startThread("writer", settings, (why) => cannotOpen(settings.path, why))
  const refused = (jobs: ReadonlyArray<WriteJob>) =>
    Effect.map(ended, (why): ReadonlyArray<WriteOutcome> => {
      const reason = `the thread that writes has ended (${why}): restart the engine`
      return jobs.map(() => ({ state: "refused", reason }))
    })
  const commit: CommitJobs = (jobs) =>
    Effect.raceFirst(
      Effect.callback<ReadonlyArray<WriteOutcome>>((resume) => {
        worker.once("message", (outcomes: ReadonlyArray<WriteOutcome>) => resume(Effect.succeed(outcomes)))
        worker.postMessage(jobs.map((job) => job.map(standingAlone)))
      }),
      refused(jobs),
    )
  // A file that cannot be written now keeps its stamp. The next writer gets the error.
  yield* commit([[yield* newStamp]])
  return commit
})

const cannotOpen = (path: string, why: string): string =>
  `The SQLite file ${path} cannot be opened for writing: ${why}. Check its permissions, and how many files a process may open.`

/** Bytes are usually a view of a far larger buffer, and the whole buffer would be sent between threads. */
const standingAlone = ({ statement, parameters }: Write): Write => ({
  statement,
  parameters: parameters.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value)),
})
