import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { Scope } from "effect"
import { StoreUnavailable } from "../../ports/loan-store.ts"
import type { StoreUnusable } from "../../ports/loan-store.ts"
import type { ConnectionSettings } from "./connection.ts"
import { isSqliteError } from "./connection.ts"
import { isDamage, sqliteFailure } from "./failure.ts"
import type { ReadAnswer } from "./reader-thread.ts"
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

/** A read, and where its answer goes. */
interface Asked {
  readonly read: Read
  readonly answered: (answer: ReadAnswer) => void
}

/**
 * Reads on a separate thread. The thread has one read at a time, and the others wait here. If a read takes longer
 * than its timeout, it fails. The same happens if nobody needs it any more. Then it leaves the queue, so that the
 * thread never does its work. If the thread has begun it already, its late answer is ignored.
 */
export const threadReader = Effect.fnUntraced(function* (
  settings: ConnectionSettings,
  readMsMax: number,
): Effect.fn.Return<ReadRows, StoreUnusable, Scope.Scope> {
  const waiting = new Set<Asked>()
  let reading: Asked | undefined
  const { worker, ended } = yield* startThread("reader", settings, (why) => cannotOpen(settings.path, why))
  const next = (): void => {
    ;[reading] = waiting
    if (reading === undefined) return
    waiting.delete(reading)
    worker.postMessage(reading.read)
  }
  worker.on("message", (answer: ReadAnswer) => {
    reading?.answered(answer)
    next()
  })
  const gone = Effect.flatMap(ended, (why) =>
    Effect.fail(unreadable(`the thread that reads has ended (${why}): restart the engine`, false)),
  )
  const ask = (read: Read) =>
    Effect.callback<ReadonlyArray<ReadRow>, StoreUnavailable>((resume) => {
      const asked: Asked = {
        read,
        answered: (answer) =>
          resume(
            "rows" in answer
              ? Effect.succeed(answer.rows)
              : Effect.fail(unreadable(answer.refused, answer.damaged)),
          ),
      }
      waiting.add(asked)
      if (reading === undefined) next()
      return Effect.sync(() => waiting.delete(asked))
    })
  return (read) =>
    Effect.timeoutOrElse(Effect.raceFirst(ask(read), gone), {
      duration: readMsMax,
      orElse: () => Effect.fail(unreadable(`it took longer than ${readMsMax} ms`, false)),
    })
})

const cannotOpen = (path: string, why: string): string =>
  `The SQLite file ${path} cannot be opened for reading: ${why}. Check how many files a process may open.`
