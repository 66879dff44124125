import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testMsMax } from "../../patience.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { callbackHeaders, event, sendGenuine } from "./genuine.ts"
import { openRaw, statusesOf } from "./raw-connection.ts"
import { malformed, patience } from "./socket-attacks.ts"
import type { SocketAttack } from "./socket-attacks.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-attack-"))
/** This engine waits far longer than any attack lasts. It refuses only invalid requests. */
let engine: EngineProcess
/** This engine soon closes a connection that keeps it waiting. */
let impatient: EngineProcess
let victim: unknown
beforeAll(async () => {
  const ms = String(2 * testMsMax)
  engine = await startEngine(join(directory, "attack.sqlite"), {
    LOAN_ENGINE_HEADERS_MS_MAX: ms,
    LOAN_ENGINE_REQUEST_MS_MAX: ms,
    LOAN_ENGINE_CALLBACK_BODY_MS_MAX: ms,
  })
  impatient = await startEngine(join(directory, "impatient.sqlite"), {
    LOAN_ENGINE_HEADERS_MS_MAX: "500",
    LOAN_ENGINE_REQUEST_MS_MAX: "2000",
    LOAN_ENGINE_CALLBACK_BODY_MS_MAX: "500",
    LOAN_ENGINE_CONNECTIONS_CHECK_MS: "100",
  })
  await engine.callback(event("victim", "SIGNED"))
  victim = await history("victim")
})
afterAll(async () => {
  await Promise.all([engine.stop(), impatient.stop()])
  rmSync(directory, { recursive: true })
})

const history = async (reference: string): Promise<unknown> =>
  (await engine.api("GET", `/v1/loans/${reference}/history`)).json()

const judgedBy =
  (attacked: () => EngineProcess) =>
  async ({ send, verdict }: SocketAttack): Promise<void> => {
    const connection = await openRaw(attacked().url)
    send(connection)
    const answer = await connection.answer
    expect(statusesOf(answer)).toEqual(verdict)
    // An answer before the server could read a request has the same headers as every other answer.
    expect(answer.match(/^x-content-type-options: nosniff\r$/gimu) ?? []).toHaveLength(verdict.length)
    expect((await attacked().api("GET", "/v1/loans/attacker")).status).toBe(404)
  }

describe("a sender that keeps a connection waiting", () => {
  it.each(patience)(
    "is cut off: $name",
    judgedBy(() => impatient),
  )

  it("delays nobody else: genuine callbacks are recorded during every kind of attack", async () => {
    const attackers = await Promise.all(
      patience.flatMap((attack) =>
        Array.from({ length: 10 }, async () => {
          const connection = await openRaw(engine.url)
          attack.send(connection)
          return connection
        }),
      ),
    )
    await sendGenuine(engine, "beside-slow", 20)
    expect(attackers.filter(({ socket }) => socket.destroyed)).toEqual([])
    for (const { socket } of attackers) socket.destroy()
  })
})

describe("an invalid request", () => {
  it.each(malformed)(
    "is refused, and the connection is closed: $name",
    judgedBy(() => engine),
  )
})

describe("a thousand idle connections", () => {
  it("leave room for genuine callbacks, and are closed in their time", async () => {
    const idle: Array<Awaited<ReturnType<typeof openRaw>>> = []
    for (let batch = 0; batch < 10; batch += 1) {
      idle.push(...(await Promise.all(Array.from({ length: 100 }, () => openRaw(impatient.url)))))
      // On a busy machine the impatient engine may close this connection too. The bank then retries, and so does the
      // test.
      const genuine = event(`beside-idle-${batch}`, "SIGNED")
      await expect.poll(async () => (await impatient.callback(genuine)).status).toBe(200)
    }
    expect(idle.length).toBe(1_000)
    await Promise.all(idle.map(({ answer }) => answer))
  })
})

describe("pipelining", () => {
  const request = (reference: string, headers = ""): string => {
    const body = event(reference, "SIGNED")
    return (
      `POST /callbacks/default HTTP/1.1\r\nhost: engine\r\n${headers}${callbackHeaders}` +
      `content-length: ${body.length}\r\n\r\n${body}`
    )
  }

  it("answers a hundred requests from one write in order, and records each once", async () => {
    const { socket, answer } = await openRaw(engine.url)
    const references = Array.from({ length: 100 }, (_, index) => `pipelined-${index}`)
    socket.write(references.map((reference) => request(reference)).join(""))
    socket.write(request("pipelined-last", "connection: close\r\n"))
    expect(statusesOf(await answer)).toEqual([...references, "pipelined-last"].map(() => 200))
    for (const reference of ["pipelined-0", "pipelined-99", "pipelined-last"])
      expect(await history(reference)).toHaveLength(1)
  })

  it("accepts nothing after a request that was cut off", async () => {
    const { socket, answer } = await openRaw(engine.url)
    const cut = `POST /callbacks/default HTTP/1.1\r\nhost: engine\r\n${callbackHeaders}content-length: 100000\r\n\r\n`
    socket.write(cut + request("attacker"))
    expect(statusesOf(await answer)).toEqual([413])
    expect((await engine.api("GET", "/v1/loans/attacker")).status).toBe(404)
  })
})

describe("a sender that is gone before it is answered", () => {
  it("does no harm, whether it resets the connection before, within or after its body", async () => {
    const body = event("gone", "SIGNED")
    const bytes =
      `POST /callbacks/default HTTP/1.1\r\nhost: engine\r\n${callbackHeaders}` +
      `content-length: ${body.length}\r\n\r\n${body}`
    for (let end = 0; end <= bytes.length; end += 10) {
      const { socket, answer } = await openRaw(engine.url)
      await new Promise<void>((resolve) => {
        socket.write(bytes.slice(0, end), () => resolve())
      })
      socket.resetAndDestroy()
      await answer
    }
    await sendGenuine(engine, "after-resets", 3)
  })
})

describe("after all attacks", () => {
  it("the earlier loan is unchanged, and the engine stops normally", async () => {
    expect(await history("victim")).toEqual(victim)
    expect(await engine.stop()).toBe(0)
  })
})
