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

/** How many readers read at the same time. They are more than the engine reads at once. */
const readers = 8

/** Each reader reads one path after another until the input ends. Then the number of answers is printed. */
// The measurement that starts this process gives the argument.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { url, paths, apiKey } = JSON.parse(process.argv[2] ?? "") as Reading
const stopped = new AbortController()
process.stdin.once("end", () => stopped.abort()).resume()
let read = 0
async function readOn(first: number): Promise<void> {
  for (let index = first; !stopped.signal.aborted; index++) {
    const path = paths[index % paths.length] ?? ""
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    await readWhole(answer)
    read++
  }
}
await Promise.all(Array.from({ length: readers }, (_, index) => readOn(index)))
process.stdout.write(String(read), () => process.exit())
