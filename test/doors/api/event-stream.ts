import { apiKey } from "../../whole/slice/engine-process.ts"

/** One event of a stream: its data, and the id after which a reader can continue. */
interface StreamEvent {
  readonly id: string
  readonly data: string
}

export interface EventStream {
  readonly status: number
  /** The next event, also an empty one without data. `undefined` after the end of the stream. */
  readonly next: () => Promise<StreamEvent | undefined>
  /** The positions of the next changes. */
  readonly positions: (count: number) => Promise<ReadonlyArray<number>>
  readonly close: () => void
}

/** Opens a stream of server-sent events, and reads it as their specification requires. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const abort = new AbortController()
  const answer = await fetch(url, {
    headers: { authorization: `Bearer ${apiKey}`, ...headers },
    signal: abort.signal,
  })
  const events = parse(answer)
  const next = async () => {
    const { done, value } = await events.next()
    return done === true ? undefined : value
  }
  return {
    status: answer.status,
    next,
    positions: async (count) => {
      const found: Array<number> = []
      while (found.length < count) {
        const event = await next()
        if (event === undefined) throw new Error(`the stream ended after ${found.join()}`)
        if (event.data !== "") found.push((JSON.parse(event.data) as { position: number }).position)
      }
      return found
    },
    close: () => abort.abort(),
  }
}

async function* parse(answer: Response): AsyncGenerator<StreamEvent> {
  let text = ""
  const decoder = new TextDecoder()
  for await (const bytes of answer.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true })
    const blocks = text.split("\n\n")
    text = blocks.pop() ?? ""
    for (const block of blocks) {
      const field = (name: string): string =>
        block
          .split("\n")
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join("\n")
      yield { id: field("id"), data: field("data") }
    }
  }
}
