import { parentPort, workerData } from "node:worker_threads"
import { openConnection } from "./connection.ts"
import type { ConnectionSettings } from "./connection.ts"
import { watchLock, watchNames } from "./names.ts"
import { watchStamps } from "./stamp.ts"
import { makeCommit } from "./writes.ts"
import type { WriteJob } from "./writes.ts"

/**
 * The writing thread. It sends a message when it has opened the file. Then it receives batches. It commits each batch
 * and answers with the outcome of each job. The message `null` ends it. A defect also ends the thread, and then the
 * store refuses every write.
 */
// The settings come from writer.ts, which starts this thread.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const settings = workerData as ConnectionSettings
const database = openConnection(settings)
const stamps = watchStamps(settings.path)
const faults = [watchNames(settings.path), watchLock(settings.path), stamps.fault]
const commit = makeCommit(database, {
  // The first fault is reported. For example, a missing file has no stamp either.
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
