import { once } from "node:events"
import { createServer } from "node:http"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Webhook } from "standardwebhooks"
import { vi } from "vitest"

export const secret = `whsec_${Buffer.alloc(32, 1).toString("base64")}`

/** One received and verified message. */
export interface Received {
  readonly id: string
  /** The time in the message's header, in seconds. */
  readonly at: number
  readonly type: string
  readonly reference: string
  readonly version: number
  readonly position: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** The answer of a receiver: a status, a status with headers, or no answer. */
export type Answer = number | { readonly status: number; readonly headers: Record<string, string> } | "silent"

export interface Receiver {
  readonly url: string
  readonly port: number
  /** The messages that got a status below 300, in the order of their arrival. */
  readonly taken: Array<Received>
  /** All messages that arrived. */
  readonly heard: Array<Received>
  /** The refusals of the public library, with its own texts. */
  readonly refused: Array<string>
  /** The largest number of messages that were answered at the same time. */
  readonly mostAtOnce: () => number
  /** Gives the answer to a message. The default is 204. */
  answer: (received: Received) => Answer | Promise<Answer>
  readonly close: () => Promise<void>
}

export interface ReceiverOptions {
  readonly secret?: string
  readonly port?: number
  /**
   * If true, a message is verified at the time in its header, because the sender's clock differs from the receiver's.
   */
  readonly timeless?: boolean
}

/**
 * A merchant's service over real HTTP on loopback. It verifies every message with the public library of Standard
 * Webhooks.
 */
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
