import { callbackHeaders, event } from "./genuine.ts"
import type { RawConnection } from "./raw-connection.ts"
import { trickle } from "./raw-connection.ts"

/** One misuse of a connection, and the answers that the server must give. */
export interface SocketAttack {
  readonly name: string
  /** Sends bytes. After that the attacker waits without limit. */
  readonly send: (connection: RawConnection) => void
  /** The statuses of all answers until the server closes the connection. */
  readonly verdict: ReadonlyArray<number>
}

const post = (headers: string, body = ""): string =>
  `POST /callbacks/default HTTP/1.1\r\nhost: engine\r\n${callbackHeaders}${headers}\r\n${body}`
const attacker = event("attacker", "PAID_OUT")
const length = (text: string): string => `content-length: ${text.length}\r\n`
const whole = (body: string): string => post(length(body), body)
const chunked = "transfer-encoding: chunked\r\n"
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`

const attack = (name: string, bytes: string, verdict: ReadonlyArray<number>): SocketAttack => ({
  name,
  send: ({ socket }) => void socket.write(bytes, "latin1"),
  verdict,
})

/** These connections only wait. A limit of the engine ends them, never the attacker. */
export const patience: ReadonlyArray<SocketAttack> = [
  attack("a connection that says nothing", "", [408]),
  attack("headers that stop", "POST /callbacks/default HTTP/1.1\r\nhost: eng", [408]),
  {
    name: "headers that trickle",
    send: (connection) => {
      connection.socket.write("POST /callbacks/default HTTP/1.1\r\nhost: engine\r\nx: ")
      trickle(connection, "x", 20)
    },
    verdict: [408],
  },
  attack("a body that stops", post("content-length: 1000\r\n", "{"), [408]),
  {
    name: "a body that trickles",
    send: (connection) => {
      connection.socket.write(post("content-length: 60000\r\n", "{"))
      trickle(connection, " ", 20)
    },
    verdict: [408],
  },
  attack("chunks without an end", post(chunked, chunk(attacker)), [408]),
  attack(
    "a length that promises more than comes",
    post(`content-length: ${attacker.length + 1}\r\n`, attacker),
    [408],
  ),
]

/** These requests are invalid and are refused at once. */
export const malformed: ReadonlyArray<SocketAttack> = [
  {
    name: "a body that ends before its length",
    send: ({ socket }) => void socket.end(post("content-length: 1000\r\n", "{")),
    verdict: [400],
  },
  attack("a length that is shorter than the body", post("content-length: 10\r\n", attacker), [400]),
  attack("two lengths that differ", post(`content-length: 5\r\n${length(attacker)}`, attacker), [400]),
  attack("a negative length", post("content-length: -1\r\n", attacker), [400]),
  attack("a length past every number", post(`content-length: ${"9".repeat(40)}\r\n`, attacker), [400]),
  attack("a length over the limit", post("content-length: 100000000\r\n"), [413]),
  attack(
    "a length beside chunks",
    post(`${chunked}${length(attacker)}`, `0\r\n\r\n${whole(attacker)}`),
    [400],
  ),
  attack("an unknown transfer coding", post("transfer-encoding: xchunked\r\n", chunk(attacker)), [400]),
  attack("a coding after chunks", post("transfer-encoding: chunked, gzip\r\n", chunk(attacker)), [400]),
  attack("a chunk size that is no number", post(chunked, "zz\r\n"), [400]),
  attack("a chunk size past every number", post(chunked, `${"f".repeat(17)}\r\n`), [400]),
  attack("chunk extensions without end", post(chunked, `1;${"x".repeat(40_000)}`), [413]),
  attack("chunks over the limit", post(chunked, chunk(" ".repeat(60_000)).repeat(2)), [413]),
  attack("headers over the limit", post(`x: ${"x".repeat(40_000)}\r\n`), [431]),
  attack("a header's name with a space", post("content-length : 5\r\n", "12345"), [400]),
  attack("a header that folds", post("x: a\r\n b\r\n"), [400]),
  attack("a NUL in a header", post("x: a\u0000b\r\n"), [400]),
  attack("no host", "POST /callbacks/default HTTP/1.1\r\n\r\n", [400]),
  attack(
    "a line of garbage",
    "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00FC\u0003\u0003\r\n\r\n",
    [400],
  ),
  attack("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
  attack(
    "a request smuggled behind one that is too large",
    post("content-length: 70000\r\n", whole(attacker)),
    [413],
  ),
]
