import { constants, getPriority, platform, setPriority } from "node:os"
import { parentPort, workerData } from "node:worker_threads"
import { isSqliteError, openReadOnly } from "./connection.ts"
import type { ConnectionSettings } from "./connection.ts"
import { isDamage, sqliteFailure } from "./failure.ts"
import { makeRead } from "./reads.ts"
import type { Read, ReadRow } from "./reads.ts"

/** The result of a read, or why SQLite refused it. */
export type ReadAnswer =
  | { readonly rows: ReadonlyArray<ReadRow> }
  | { readonly refused: string; readonly damaged: boolean }

/**
 * The reading thread. It reads many loans at once, so that callbacks are accepted meanwhile. It sends a message when
 * it has opened the file, and answers reads in order. The message `null` ends the thread, and so does a defect.
 */
// The settings come from reader.ts, which starts this thread.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const database = openReadOnly(workerData as ConnectionSettings)
const read = makeRead(database)

// If there are few cores, callbacks go first. Only Linux has a priority for each thread, and a process cannot raise
// its own priority.
if (platform() === "linux") setPriority(Math.max(getPriority(), constants.priority.PRIORITY_BELOW_NORMAL))

function answer(asked: Read): ReadAnswer {
  try {
    return { rows: read(asked) }
  } catch (cause) {
    if (!isSqliteError(cause)) throw cause
    return { refused: sqliteFailure(cause), damaged: isDamage(cause) }
  }
}

parentPort?.postMessage("opened")
parentPort?.on("message", (asked: Read | null) => {
  if (asked !== null) return parentPort?.postMessage(answer(asked))
  database.close()
  parentPort?.close()
})
