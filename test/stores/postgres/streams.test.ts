import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openEvents } from "../../doors/api/event-stream.ts"
import { freePort, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import type { PostgresServer } from "./server.ts"
import { query, startPostgres, until } from "./server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1" }
/**
 * The engine finds nothing by looking during a test. It also has no transaction of its own for which the feed would
 * wait.
 */
const neverLooks = {
  ...quick,
  LOAN_ENGINE_CHECKPOINT_EVERY_MS: "600000",
  LOAN_ENGINE_CALLBACK_HEALTH_EVERY_MS: "600000",
  LOAN_ENGINE_CHANGES_POLL_MS: "600000",
  LOAN_ENGINE_CHANGES_HEARTBEAT_MS: "600000",
}

const send = async (engine: EngineProcess, reference: string): Promise<void> => {
  const body = JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })
  await Effect.runPromise(until(async () => (await engine.callback(body)).status === 200))
}

/** Every position of the feed, in order. */
const positionsIn = async (url: string): Promise<ReadonlyArray<number>> => {
  const rows = await query(url, "SELECT position FROM loan_engine.journal ORDER BY position")
  return rows.map((row) => Number(row["position"]))
}

/** The sessions in which engines listen for notifications of each other. */
const listening = async (url: string): Promise<ReadonlyArray<number>> => {
  const rows = await query(
    url,
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'",
  )
  return rows.map((row) => Number(row["pid"]))
}

/** Follows an engine's stream. Whenever the stream ends, it continues after the last event, as a browser does. */
async function follow(engineUrl: () => string, rows: number): Promise<ReadonlyArray<number>> {
  const seen: Array<number> = []
  let lastId = "0"
  while (seen.length < rows) {
    try {
      const stream = await openEvents(`${engineUrl()}/v1/changes`, { "last-event-id": lastId })
      for (let event = await stream.next(); event !== undefined; event = await stream.next()) {
        lastId = event.id
        if (event.data !== "") seen.push((JSON.parse(event.data) as { position: number }).position)
        if (seen.length === rows) break
      }
      stream.close()
    } catch {
      // The engine is down; the loop tries again.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return seen
}

describe("readers of the change streams of three engines", () => {
  it("see every change once and in one order, from any engine, even if sessions end and an engine is killed", async () => {
    const url = await server.newDatabase()
    const ports = await Promise.all([freePort(), freePort(), freePort()])
    const engines = await Promise.all(ports.map((port) => startEngine(url, quick, port)))
    const rows = 90
    const followed = engines.map((_, number) => follow(() => engines[number]?.url ?? "", rows))
    for (let number = 0; number < rows; number++) {
      const engine = engines[number % 3]
      if (engine !== undefined) await send(engine, `loan-${number}`)
      if (number === 30) {
        await query(
          url,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loan-engine' AND datname = current_database()",
        )
      }
      if (number === 59) {
        await engines[0]?.kill()
        engines[0] = await startEngine(url, quick, ports[0])
      }
    }
    const expected = await positionsIn(url)
    expect(expected).toHaveLength(rows)
    for (const seen of await Promise.all(followed)) expect(seen).toEqual(expected)
    expect(await Promise.all(engines.map((engine) => engine.stop()))).toEqual([0, 0, 0])
  })

  it("are woken by the database, also after the engine's listening session was ended", async () => {
    const url = await server.newDatabase()
    const writer = await startEngine(url, neverLooks)
    const reader = await startEngine(url, neverLooks)
    await Effect.runPromise(until(async () => (await listening(url)).length === 2))
    const stream = await openEvents(`${reader.url}/v1/changes`)
    await stream.next()
    const first = stream.positions(1)
    await send(writer, "woken")
    expect(await first).toEqual(await positionsIn(url))

    const lost = await listening(url)
    await query(url, "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", [lost])
    // One change comes while no engine listens, and another after they listen again.
    const both = stream.positions(2)
    await send(writer, "unheard")
    await Effect.runPromise(
      until(async () => {
        const now = await listening(url)
        return now.length === 2 && !now.some((pid) => lost.includes(pid))
      }),
    )
    await send(writer, "heard again")
    expect(await both).toEqual((await positionsIn(url)).slice(1))
    stream.close()
    expect(await Promise.all([writer.stop(), reader.stop()])).toEqual([0, 0])
  })

  it("find changes by polling, if engines do not wake each other", async () => {
    const url = await server.newDatabase()
    const settings = { ...quick, LOAN_ENGINE_DATABASE_NOTIFY: "false", LOAN_ENGINE_CHANGES_POLL_MS: "50" }
    const writer = await startEngine(url, settings)
    const reader = await startEngine(url, settings)
    const stream = await openEvents(`${reader.url}/v1/changes`)
    await stream.next()
    const first = stream.positions(1)
    await send(writer, "found")
    expect(await first).toEqual(await positionsIn(url))
    expect(await listening(url)).toEqual([])
    stream.close()
    expect(await Promise.all([writer.stop(), reader.stop()])).toEqual([0, 0])
  })
})
