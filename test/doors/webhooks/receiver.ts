import { once } from "node:events"
import { createServer } from "node:http"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Webhook } from "standardwebhooks"
import { vi } from "vitest"

export const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`

/** One message as it came, verified. */
export interface Received {
  readonly id: string
  /** When it was sent, in seconds, as its header says. */
  readonly at: number
  readonly type: string
  readonly reference: string
  readonly version: number
  readonly position: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** What a receiver answers: a status, with headers; or nothing at all, for as long as it is `"silent"`. */
export type Answer = number | { readonly status: number; readonly headers: Record<string, string> } | "silent"

export interface Receiver {
  readonly url: string
  readonly port: number
  /** What was answered with a status below 300, in the order that it came. */
  readonly taken: Array<Received>
  /** Everything that came. */
  readonly heard: Array<Received>
  /** What the public library refused, with its words. */
  readonly refused: Array<string>
  /** How many messages were being answered at once, at most. */
  readonly mostAtOnce: () => number
  /** Decides on each message; 204 unless told otherwise. */
  answer: (received: Received) => Answer | Promise<Answer>
  readonly close: () => Promise<void>
}

export interface ReceiverOptions {
  readonly secret?: string
  readonly port?: number
  /** The sender's clock is not ours: a message is then verified as of the time that it says. */
  readonly timeless?: boolean
}

/** A merchant's own service: real HTTP on loopback, every message verified with the public library of Standard Webhooks. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const webhook = new Webhook(options.secret ?? secret)
  let atOnce = 0
  let mostAtOnce = 0
  const server = createServer((request, response) => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce)
    response.once("close", () => atOnce--)
    void receive(request, response)
  })
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Array<Buffer> = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    try {
      verify(webhook, body, headers, options.timeless === true)
    } catch (cause) {
      receiver.refused.push(String(cause))
      response.writeHead(401).end()
      return
    }
    const received = receivedOf(body, headers)
    receiver.heard.push(received)
    const answer = await receiver.answer(received)
    if (answer === "silent") return
    const { status, headers: extra } = typeof answer === "number" ? { status: answer, headers: {} } : answer
    if (status < 300) receiver.taken.push(received)
    response.writeHead(status, extra).end()
  }
  server.listen(options.port ?? 0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const { port } = address
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hooks?from=loan-engine`,
    port,
    taken: [],
    heard: [],
    refused: [],
    mostAtOnce: () => mostAtOnce,
    answer: () => 204,
    close: async () => {
      server.closeAllConnections()
      server.close()
      if (server.listening) await once(server, "close")
    },
  }
  return receiver
}

function verify(webhook: Webhook, body: string, headers: Record<string, string>, timeless: boolean): void {
  if (!timeless) {
    webhook.verify(body, headers)
    return
  }
  vi.setSystemTime(Number(headers["webhook-timestamp"]) * 1_000)
  try {
    webhook.verify(body, headers)
  } finally {
    vi.useRealTimers()
  }
}

function receivedOf(body: string, headers: Record<string, string>): Received {
  const { type, data } = JSON.parse(body)
  return {
    id: String(headers["webhook-id"]),
    at: Number(headers["webhook-timestamp"]),
    type: String(type),
    reference: String(data.applicationReference),
    version: Number(data.version),
    position: Number(data.position),
    body,
    headers,
  }
}
