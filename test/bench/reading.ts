/** The requests of the reading process. */
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

/** Reads one path after another until its input ends. Then it prints how many requests were answered. */
// The measurement that starts this process gives the argument.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { url, paths, apiKey } = JSON.parse(process.argv[2] ?? "") as Reading
const stopped = new AbortController()
process.stdin.once("end", () => stopped.abort()).resume()
let read = 0
while (!stopped.signal.aborted) {
  const path = paths[read % paths.length] ?? ""
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  await readWhole(answer)
  read++
}
process.stdout.write(String(read), () => process.exit())
