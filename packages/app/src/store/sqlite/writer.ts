import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Scope } from "effect"
import type { StoreUnusable } from "../../ports/loan-store.ts"
import type { ConnectionSettings } from "./connection.ts"
import { watchNames } from "./names.ts"
import { startThread } from "./thread.ts"
import type { Write, WriteJob, WriteOutcome } from "./writes.ts"
import { makeCommit, newStamp } from "./writes.ts"

/** Commits one batch at a time. If the effect itself fails, that is a defect. */
export type CommitJobs = (jobs: ReadonlyArray<WriteJob>) => Effect.Effect<ReadonlyArray<WriteOutcome>>

/** Writes on the calling thread. That thread is blocked until the data is on the disk. */
export const inlineCommit = (database: DatabaseSync, path: string): CommitJobs => {
  // Stamps are not checked here. Only an engine can do that, because it has locked the store and has a writing
  // thread.
  const commit = makeCommit(database, { fault: watchNames(path), expect: () => {} })
  return (jobs) => Effect.sync(() => commit(jobs))
}

/** Writes on a separate thread. While the disk works, everything else continues, and the next batch collects. */
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
  // If the file cannot be written now, it keeps its stamp, and the next write gets the error.
  yield* commit([[yield* newStamp]])
  return commit
})

const cannotOpen = (path: string, why: string): string =>
  `The SQLite file ${path} cannot be opened for writing: ${why}. Check its permissions, and how many files a process may open.`

/**
 * Copies the bytes. A parameter is usually a small view of a much larger buffer, and the whole buffer would be sent
 * to the thread.
 */
const standingAlone = ({ statement, parameters }: Write): Write => ({
  statement,
  parameters: parameters.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value)),
})
