import { constants, platform, setPriority } from "node:os"
import { parentPort, workerData } from "node:worker_threads"

/** The requests of the reading thread. */
export interface Reading {
  readonly url: string
  readonly paths: ReadonlyArray<string>
  readonly apiKey: string
}

/** How much of a stream is read, because a stream has no end. */
const streamBytes = 262_144

async function readWhole(answer: Response): Promise<void> {
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    await answer.text()
    return
  }
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes >= streamBytes) break
  }
}

/** Reads one path after another until a message arrives. Then it reports how many requests were answered. */
// The main thread of the measurement gives it.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { url, paths, apiKey } = workerData as Reading
// On a real network, the readers run on other machines. So they get less of the processor here.
if (platform() === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
const stopped = new AbortController()
parentPort?.once("message", () => stopped.abort())
let read = 0
while (!stopped.signal.aborted) {
  const path = paths[read % paths.length] ?? ""
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  await readWhole(answer)
  read++
}
parentPort?.postMessage(read)
