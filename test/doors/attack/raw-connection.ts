import { once } from "node:events"
import { connect } from "node:net"
import type { Socket } from "node:net"

/** A TCP connection that can send any bytes and keeps the answer. */
export interface RawConnection {
  readonly socket: Socket
  /** Everything that the server sent until it closed the connection. */
  readonly answer: Promise<string>
}

/** Opens a connection. A reset by the server counts as a close. */
export async function openRaw(url: string): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), allowHalfOpen: true })
  let text = ""
  socket.on("data", (chunk) => (text += chunk.toString("latin1")))
  socket.on("error", () => undefined)
  socket.on("end", () => socket.destroy())
  const answer = new Promise<string>((resolve) => {
    socket.once("close", () => resolve(text))
  })
  await once(socket, "connect")
  return { socket, answer }
}

/** The status of each answer, in order. An answer begins directly after the body before it. */
export const statusesOf = (answer: string): ReadonlyArray<number> =>
  [...answer.matchAll(/HTTP\/1\.1 (?<status>[0-9]{3}) /gu)].map(({ groups }) => Number(groups?.["status"]))

/** Sends one byte of `text` at a time, again and again, until the connection closes. */
export function trickle({ socket }: RawConnection, text: string, everyMs: number): void {
  let position = 0
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer)
    socket.write(text[position % text.length] ?? "x")
    position += 1
  }, everyMs)
  socket.once("close", () => clearInterval(timer))
}
