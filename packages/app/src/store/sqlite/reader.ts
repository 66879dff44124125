import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Scope } from "effect"
import { StoreUnavailable } from "../../ports/loan-store.ts"
import type { StoreUnusable } from "../../ports/loan-store.ts"
import type { ConnectionSettings } from "./connection.ts"
import { isSqliteError } from "./connection.ts"
import { isDamage, sqliteFailure } from "./failure.ts"
import type { NumberedRead, ReadAnswer } from "./reader-thread.ts"
import { makeRead } from "./reads.ts"
import type { Read, ReadRow } from "./reads.ts"
import { startThread } from "./thread.ts"

export type ReadRows = (read: Read) => Effect.Effect<ReadonlyArray<ReadRow>, StoreUnavailable>

/** Runs a read. If SQLite refuses it, the cause is outside the engine. Any other failure is a defect. */
export const reading = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (cause) {
      if (!isSqliteError(cause)) return Effect.die(cause)
      return Effect.fail(unreadable(sqliteFailure(cause), isDamage(cause), cause))
    }
  })

const unreadable = (reason: string, damaged: boolean, cause?: unknown): StoreUnavailable =>
  new StoreUnavailable({
    message: `The SQLite store cannot be read now: ${reason}`,
    ...(cause === undefined ? {} : { cause }),
    ...(damaged ? { damaged } : {}),
  })

/** Reads on the calling thread. That thread is blocked meanwhile. */
export function inlineReader(database: DatabaseSync): ReadRows {
  const read = makeRead(database)
  return (asked) => reading(() => read(asked))
}

/**
 * Reads on a separate thread, one read at a time. If a read takes longer than its timeout, it fails, and its late
 * answer is ignored.
 */
export const threadReader = Effect.fnUntraced(function* (
  settings: ConnectionSettings,
  readMsMax: number,
): Effect.fn.Return<ReadRows, StoreUnusable, Scope.Scope> {
  const waiting = new Map<number, (answer: ReadAnswer) => void>()
  let sent = 0
  const { worker, ended } = yield* startThread("reader", settings, (why) => cannotOpen(settings.path, why))
  worker.on("message", (answer: ReadAnswer) => waiting.get(answer.number)?.(answer))
  const gone = Effect.flatMap(ended, (why) =>
    Effect.fail(unreadable(`the thread that reads has ended (${why}): restart the engine`, false)),
  )
  const ask = ({ statement, parameters }: Read) =>
    Effect.callback<ReadonlyArray<ReadRow>, StoreUnavailable>((resume) => {
      const number = sent++
      waiting.set(number, (answer) => {
        waiting.delete(number)
        resume(
          "rows" in answer
            ? Effect.succeed(answer.rows)
            : Effect.fail(unreadable(answer.refused, answer.damaged)),
        )
      })
      worker.postMessage({ number, statement, parameters } satisfies NumberedRead)
      return Effect.sync(() => waiting.delete(number))
    })
  return (read) =>
    Effect.timeoutOrElse(Effect.raceFirst(ask(read), gone), {
      duration: readMsMax,
      orElse: () => Effect.fail(unreadable(`it took longer than ${readMsMax} ms`, false)),
    })
})

const cannotOpen = (path: string, why: string): string =>
  `The SQLite file ${path} cannot be opened for reading: ${why}. Check how many files a process may open.`
