import { parentPort, workerData } from "node:worker_threads"
import { openConnection } from "./connection.ts"
import type { ConnectionSettings } from "./connection.ts"
import { watchLock, watchNames } from "./names.ts"
import { watchStamps } from "./stamp.ts"
import { makeCommit } from "./writes.ts"
import type { WriteJob } from "./writes.ts"

/**
 * The thread that writes. It says when it has opened the file. Then it is sent a batch, commits it, and answers with what became
 * of each job; the empty message ends it. Whatever it throws ends the thread, and with it the store: a defect is not to be
 * worked around.
 */
// The settings come from writer.ts, which starts this thread.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const settings = workerData as ConnectionSettings
const database = openConnection(settings)
const stamps = watchStamps(settings.path)
const faults = [watchNames(settings.path), watchLock(settings.path), stamps.fault]
const commit = makeCommit(database, {
  // The first that is found: a file that is gone has no stamp either.
  fault: () => faults.reduce<string | undefined>((found, fault) => found ?? fault(), undefined),
  expect: stamps.expect,
})

parentPort?.postMessage("opened")
parentPort?.on("message", (jobs: ReadonlyArray<WriteJob> | null) => {
  if (jobs !== null) return parentPort?.postMessage(commit(jobs))
  database.close()
  stamps.close()
  parentPort?.close()
})
