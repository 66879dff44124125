import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import type { Server, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { childEnvironment, mainPath } from "../checkout.ts"
import { event } from "../doors/api/api-call.ts"
import { apiKey, callbackAuthorization, freePort, startEngine } from "../whole/slice/engine-process.ts"
import type { EngineProcess } from "../whole/slice/engine-process.ts"
import type { PostgresServer } from "../stores/postgres/server.ts"
import { password, query, startPostgres, startSynchronousStandby } from "../stores/postgres/server.ts"
import { needs } from "./needs.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-managed-"))
const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1" }
beforeAll(() => needs("unshare", "util-linux"))
afterAll(() => rmSync(directory, { recursive: true }))

/** One address of a provider. It forwards connections to a server, or to none. */
async function startAddress(address: string, port: number, to: () => number) {
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    const onward = connect(to(), "127.0.0.1")
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(one)
      one.on("error", () => other.destroy()).on("close", () => other.destroy())
      one.pipe(other)
    }
  })
  server.listen(port, address)
  await once(server, "listening")
  return {
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
    /** A load balancer does this with a connection that is idle for too long. */
    cutIdle: () => {
      for (const socket of open) socket.destroy()
      open.clear()
    },
  }
}

describe("a failover by the server's name", () => {
  let primary: PostgresServer
  let standby: PostgresServer
  let engine: ChildProcess
  let url: string
  let databasePort: number
  const hosts = join(directory, "hosts")
  const name = "loans.managed.test"
  const pointTo = (address: string) => writeFileSync(hosts, `127.0.0.1 localhost\n${address} ${name}\n`)
  const addresses: Array<Awaited<ReturnType<typeof startAddress>>> = []

  beforeAll(async () => {
    primary = await startPostgres()
    const database = new URL(await primary.newDatabase()).pathname
    standby = await startSynchronousStandby(primary)
    databasePort = await freePort()
    addresses.push(await startAddress("127.0.0.2", databasePort, () => primary.port))
    addresses.push(await startAddress("127.0.0.3", databasePort, () => standby.port))
    pointTo("127.0.0.2")
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    // A host name that only this process sees.
    const inside = `mount --bind ${hosts} /etc/hosts && exec ${process.execPath} ${mainPath} serve`
    engine = spawn("unshare", ["--mount", "sh", "-c", inside], {
      env: {
        ...childEnvironment,
        ...quick,
        LOAN_ENGINE_PORT: String(port),
        LOAN_ENGINE_DATABASE_URL: `postgres://postgres:${password}@${name}:${databasePort}${database}?sslmode=disable`,
        LOAN_ENGINE_API_KEY: apiKey,
        LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
        LOAN_ENGINE_CALLBACK_CREDENTIALS: callbackAuthorization.replace("Basic ", ""),
      },
      stdio: ["ignore", "ignore", "inherit"],
    })
  })
  afterAll(async () => {
    const ended = once(engine, "exit")
    engine.kill("SIGTERM")
    await ended
    for (const address of addresses) address.close()
    await standby.remove()
    await primary.remove()
  })

  const send = (reference: string) =>
    fetch(`${url}/callbacks/default`, {
      method: "POST",
      headers: {
        authorization: callbackAuthorization,
        "content-type": "application/json",
        connection: "close",
      },
      body: event(reference, "SIGNED"),
    }).then(
      ({ status }) => status,
      () => 0,
    )

  it("is followed without a restart, and nothing acknowledged is lost", async () => {
    await expect.poll(() => send("before")).toBe(200)
    await primary.stop()
    expect(await send("between")).toBe(503)
    await query(
      `postgres://postgres:${password}@127.0.0.1:${standby.port}/postgres`,
      "ALTER SYSTEM RESET synchronous_standby_names",
    )
    await query(`postgres://postgres:${password}@127.0.0.1:${standby.port}/postgres`, "SELECT pg_promote()")
    pointTo("127.0.0.3")
    await expect.poll(() => send("after")).toBe(200)
    const answer = await fetch(`${url}/v1/loans/before`, { headers: { authorization: `Bearer ${apiKey}` } })
    expect(answer.status).toBe(200)
  })
})

describe("two engines on a server of 20 connections", () => {
  let postgres: PostgresServer
  let address: Awaited<ReturnType<typeof startAddress>>
  let engines: ReadonlyArray<EngineProcess>
  beforeAll(async () => {
    postgres = await startPostgres(["fsync=off", "max_connections=20"])
    const port = await freePort()
    address = await startAddress("127.0.0.1", port, () => postgres.port)
    const url = (await postgres.newDatabase()).replace(`:${postgres.port}/`, `:${port}/`)
    const few = { ...quick, LOAN_ENGINE_DATABASE_CONNECTIONS_MAX: "7" }
    engines = [await startEngine(url, few), await startEngine(url, few)]
  })
  afterAll(async () => {
    await Promise.all(engines.map((engine) => engine.stop()))
    address.close()
    await postgres.remove()
  })

  const sendMany = (prefix: string) =>
    Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const engine = engines[index % engines.length]
        const answer = await engine?.callback(event(`${prefix}-${index}`, "SIGNED"))
        return answer?.status
      }),
    )

  it("carry load", async () => {
    expect(new Set(await sendMany("loaded"))).toEqual(new Set([200]))
  })

  const ofServer = (sql: string) =>
    query(`postgres://postgres:${password}@127.0.0.1:${postgres.port}/postgres`, sql)
  const sessions = async (): Promise<ReadonlySet<number>> => {
    const rows = await ofServer("SELECT pid FROM pg_stat_activity WHERE datname LIKE 'loans%'")
    return new Set(rows.map((row) => Number(row["pid"])))
  }

  const left = async (before: ReadonlySet<number>) =>
    [...(await sessions())].filter((pid) => before.has(pid)).length

  it("continue after the server has closed idle sessions, and lose no session once their role is exempt", async () => {
    const idle = await sessions()
    expect(idle.size).toBeGreaterThan(2)
    await ofServer("ALTER SYSTEM SET idle_session_timeout = 200")
    await ofServer("SELECT pg_reload_conf()")
    // The connection that is in use between its turns is not idle. The others are closed.
    await expect.poll(async () => await left(idle)).toBeLessThan(idle.size)
    for (const status of await sendMany("cut")) expect([200, 503]).toContain(status)
    await ofServer("ALTER ROLE postgres SET idle_session_timeout = 0")
    await expect.poll(async () => new Set(await sendMany("exempt"))).toEqual(new Set([200]))
  })

  it("continue after a balancer has closed every connection", async () => {
    address.cutIdle()
    for (const status of await sendMany("balanced")) expect([200, 503]).toContain(status)
    await expect.poll(async () => new Set(await sendMany("again"))).toEqual(new Set([200]))
  })
})
