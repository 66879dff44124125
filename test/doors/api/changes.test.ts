import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { openRaw } from "../attack/raw-connection.ts"
import { runCli } from "../cli/run-cli.ts"
import { apiKey, freePort, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { decision, event } from "./api-call.ts"
import { openEvents } from "./event-stream.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-changes-"))
const file = (name: string): string => join(directory, `${name}.sqlite`)
afterAll(() => rmSync(directory, { recursive: true }))

const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1" }
const send = async (engine: EngineProcess, ...references: ReadonlyArray<string>): Promise<void> => {
  for (const reference of references) {
    const { status } = await engine.callback(decision(reference, "APPROVED"))
    expect(status).toBe(200)
  }
}
const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
const names = (numbers: ReadonlyArray<number>): ReadonlyArray<string> => numbers.map((each) => `loan-${each}`)

describe("the stream of all changes", () => {
  it("has no gap and no loss across reconnects and a killed engine", async () => {
    const port = await freePort()
    const first = await startEngine(file("restarted"), quick, port)
    const stream = await openEvents(`${first.url}/v1/changes`)
    expect(await stream.next()).toMatchObject({ id: "0", data: "" })
    const seen = stream.positions(10)
    await send(first, ...names(range(1, 10)))
    expect(await seen).toEqual(range(1, 10))
    stream.close()

    await send(first, ...names(range(11, 15)))
    const again = await openEvents(`${first.url}/v1/changes`, { "last-event-id": "8" })
    expect(await again.positions(7)).toEqual(range(9, 15))
    await first.kill()

    const second = await startEngine(file("restarted"), quick, port)
    await send(second, ...names(range(16, 150)))
    const continued = await openEvents(`${second.url}/v1/changes?after=15`)
    expect(await continued.positions(135)).toEqual(range(16, 150))
    await send(second, "loan-151")
    expect(await continued.positions(1)).toEqual([151])
    await second.stop()
  })

  it("brings changes of another process, and sends heartbeats", async () => {
    const engine = await startEngine(file("shared"), {
      ...quick,
      LOAN_ENGINE_CHANGES_POLL_MS: "50",
      LOAN_ENGINE_CHANGES_HEARTBEAT_MS: "300",
    })
    await send(engine, "ruled-1")
    await engine.callback(decision("ruled-1", "REJECTED"))
    const stream = await openEvents(`${engine.url}/v1/changes`)
    expect(await stream.next()).toEqual({ id: expect.stringMatching(/^2-[0-9a-f]{16}$/u), data: "" })
    expect(await stream.next()).toEqual({ id: expect.stringMatching(/^2-[0-9a-f]{16}$/u), data: "" })
    const args = ["rule", "ruled-1", "approved", "--by", "Desk", "--reason", "phone"]
    const { code, err } = await runCli(args, { LOAN_ENGINE_DATABASE_URL: file("shared") })
    expect([code, err]).toEqual([0, expect.any(String)])
    expect(await stream.positions(1)).toEqual([3])
    await engine.stop()
  })

  it("ends when the engine stops, so that a stop is not held up", async () => {
    const engine = await startEngine(file("stopped"), { ...quick, LOAN_ENGINE_STOP_MS_MAX: "60000" })
    await send(engine, "loan-1")
    const streams = await Promise.all([
      openEvents(`${engine.url}/v1/changes`),
      openEvents(`${engine.url}/v1/loans/loan-1/changes`),
    ])
    for (const stream of streams) await stream.next()
    const ended = Promise.all(streams.map((stream) => stream.next()))
    expect(await engine.stop()).toBe(0)
    expect(await ended).toEqual([undefined, undefined])
  })

  it("is refused when there are too many, and has a place again when one is closed", async () => {
    const engine = await startEngine(file("crowded"), { ...quick, LOAN_ENGINE_CHANGE_STREAMS_MAX: "2" })
    const open = () => openEvents(`${engine.url}/v1/changes`)
    const streams = [await open(), await open()]
    for (const stream of streams) await stream.next()
    const refused = await open()
    expect(refused.status).toBe(503)
    streams[0]?.close()
    await expect.poll(async () => (await open()).status).toBe(200)
    await engine.stop()
  })
})

describe("a reader that reads nothing", () => {
  it("is disconnected, and others are served meanwhile", async () => {
    const engine = await startEngine(file("slow"), {
      ...quick,
      LOAN_ENGINE_CHANGES_UNREAD_MS_MAX: "400",
    })
    const { socket, answer } = await openRaw(engine.url)
    socket.pause()
    socket.write(
      `GET /v1/changes?after=0 HTTP/1.1\r\nhost: engine\r\nauthorization: Bearer ${apiKey}\r\n\r\n`,
    )
    const body = (index: number) =>
      event(`slow-${index}`, "WAITING_FOR_ADDITION", {
        requiredDocuments: range(1, 50).map((each) => `${each}${"x".repeat(96)}`),
      })
    const streams = async () => {
      const page = await (await fetch(`${engine.url}/metrics`)).text()
      return Number(/^loan_engine_change_streams (\d+)/mu.exec(page)?.[1])
    }
    await expect.poll(streams).toBe(1)
    // The kernel buffers an unknown number of events before the engine notices that nobody reads.
    let count = 0
    while ((await streams()) > 0) expect((await engine.callback(body(++count))).status).toBe(200)
    const other = await openEvents(`${engine.url}/v1/changes?after=0`)
    expect(await other.positions(count)).toEqual(range(1, count))
    other.close()
    socket.resume()
    // The connection ended before everything was sent. A late reader gets what the kernel had buffered, and nothing
    // more.
    expect((await answer).split("event: change").length - 1).toBeLessThan(count)
    await engine.stop()
  })
})

describe("the stream of one loan", () => {
  it("brings only its own changes, from any position, each with the loan's state after it", async () => {
    const engine = await startEngine(file("single"), quick)
    await send(engine, "mine", "other", "other-2")
    await engine.callback(event("mine", "SIGNED"))
    const url = `${engine.url}/v1/loans/mine/changes`
    const stream = await openEvents(url, { "last-event-id": "0" })
    expect(await stream.positions(2)).toEqual([1, 4])
    await engine.callback(event("other", "SIGNED"))
    await engine.callback(event("mine", "PAID_OUT"))
    const change = await stream.next()
    expect(JSON.parse(change?.data ?? "")).toMatchObject({
      position: 6,
      applicationReference: "mine",
      steps: [{ from: "signed", to: "paidOut", inferred: false }],
      loan: { stage: "paidOut", version: 3 },
    })
    const later = await openEvents(url, { "last-event-id": "4" })
    expect(await later.positions(1)).toEqual([6])
    expect((await openEvents(`${engine.url}/v1/loans/nobody/changes`)).status).toBe(404)
    await engine.stop()
  })
})
