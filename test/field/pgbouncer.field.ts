import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loanEngine } from "@loan-engine/app/cli/program"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../doors/cli/run-cli.ts"
import type { PostgresServer } from "../stores/postgres/server.ts"
import { password, startPostgres, until } from "../stores/postgres/server.ts"
import { freePort, startEngine } from "../whole/slice/engine-process.ts"
import type { EngineProcess } from "../whole/slice/engine-process.ts"
import { needs } from "./needs.ts"

/** The parameters that a pooler must ignore, from docs/operating.md. */
const ignored = [
  "statement_timeout",
  "lock_timeout",
  "idle_in_transaction_session_timeout",
  "default_transaction_isolation",
  "enable_seqscan",
  "enable_hashjoin",
  "enable_mergejoin",
]

const directory = mkdtempSync(join(tmpdir(), "loan-engine-pgbouncer-"))
let server: PostgresServer
let pooler: ChildProcess
let url: string
let engine: EngineProcess
let port: number

async function isListening(): Promise<boolean> {
  const socket = connect(port, "127.0.0.1")
  const listens = await once(socket, "connect").then(
    () => true,
    () => false,
  )
  socket.destroy()
  return listens
}

async function startPooler(): Promise<ChildProcess> {
  // PgBouncer refuses to run as root.
  const as = process.getuid?.() === 0 ? ["-u", "nobody"] : []
  const child = spawn("pgbouncer", [...as, join(directory, "pgbouncer.ini")], { stdio: "ignore" })
  await Effect.runPromise(until(isListening))
  return child
}

beforeAll(async () => {
  needs("pgbouncer", "pgbouncer")
  server = await startPostgres()
  const database = new URL(await server.newDatabase()).pathname
  port = await freePort()
  writeFileSync(join(directory, "users.txt"), `"postgres" "${password}"\n`)
  writeFileSync(
    join(directory, "pgbouncer.ini"),
    [
      "[databases]",
      `* = host=127.0.0.1 port=${server.port}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = plain",
      `auth_file = ${join(directory, "users.txt")}`,
      "pool_mode = transaction",
      "default_pool_size = 5",
      `ignore_startup_parameters = ${ignored.join(",")}`,
    ].join("\n"),
  )
  chmodSync(directory, 0o755)
  pooler = await startPooler()
  url = `postgres://postgres:${password}@127.0.0.1:${port}${database}`
  engine = await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_DATABASE_NOTIFY: "false" })
})
afterAll(async () => {
  await engine.stop()
  pooler.kill("SIGKILL")
  await server.remove()
  rmSync(directory, { recursive: true })
})

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

const sendMany = (count: number, prefix: string) =>
  Promise.all(Array.from({ length: count }, (_, index) => engine.callback(signed(`${prefix}-${index}`))))

interface Commands {
  readonly subcommands: ReadonlyArray<{
    readonly commands: ReadonlyArray<Commands & { readonly name: string }>
  }>
}

/** Every command that has no further commands, with the names before it: `journal verify`. */
const leavesOf = ({ subcommands }: Commands, before = ""): ReadonlyArray<string> =>
  subcommands
    .flatMap(({ commands }) => commands)
    .flatMap((command) => {
      const below = leavesOf(command, `${before}${command.name} `)
      return below.length === 0 ? [`${before}${command.name}`] : below
    })

const isOf = (name: string, command: ReadonlyArray<string>): boolean =>
  command.slice(0, name.split(" ").length).join(" ") === name

describe("PgBouncer in transaction mode", () => {
  it("carries an engine under load", async () => {
    const answers = await sendMany(400, "loan")
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await engine.api("GET", "/health/ready")).status).toBe(200)
  })

  const endpoint = {
    LOAN_ENGINE_WEBHOOK_URLS: "crm=https://crm.example/hook",
    LOAN_ENGINE_WEBHOOK_SECRETS: "crm=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  }
  const commands: ReadonlyArray<ReadonlyArray<string>> = [
    ["status"],
    ["history", "loan-1"],
    ["at", "2100-01-01T00:00:00Z", "loan-1"],
    ["dormant"],
    ["close", "loan-3", "withdrawn", "--by", "Ada"],
    ["reopen", "loan-3", "--by", "Ada"],
    ["webhooks", "replay", "crm", "--after", "0"],
    ["webhooks", "enable", "crm"],
    ["disputes"],
    ["stalled"],
    ["journal", "verify"],
    ["journal", "replay"],
    ["journal", "export"],
    ["callback", "health"],
    ["webhooks", "status"],
    ["rule", "loan-1", "rejected", "--by", "Ada", "--reason", "asked", "--undisputed", "--dry-run"],
    ["rule", "loan-1", "rejected", "--by", "Ada", "--reason", "asked", "--undisputed"],
    ["journal", "redact", "loan-2", "--by", "Ada", "--reason", "asked"],
    ["migrate"],
  ]
  it.each(commands.map((command) => [command]))("carries every command: %j", async (command) => {
    const { code, err } = await runCli([...command], {
      ...endpoint,
      LOAN_ENGINE_DATABASE_URL: url,
      LOAN_ENGINE_DATABASE_NOTIFY: "false",
    })
    expect([code, err]).toEqual([0, ""])
  })

  it("carries a copy into an empty schema", async () => {
    const path = join(directory, "loans.sqlite")
    const file = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect((await file.callback(signed("copied"))).status).toBe(200)
    await file.stop()
    const { code, err } = await runCli(["copy", "--from", path], {
      LOAN_ENGINE_DATABASE_URL: url,
      LOAN_ENGINE_DATABASE_SCHEMA: "copied",
      LOAN_ENGINE_DATABASE_NOTIFY: "false",
    })
    expect([code, err]).toEqual([0, ""])
  })

  it("is tested with every command, except those that need no store or a bank", () => {
    const names = leavesOf(loanEngine)
    const tried = new Set(names.filter((name) => commands.some((command) => isOf(name, command))))
    const elsewhere = [
      "start",
      "serve",
      "play",
      "key",
      "config",
      "trigger",
      "poll now",
      "callback register",
      "webhooks secret",
      "webhooks test",
      "doctor",
      "copy",
      "backup",
      "restore",
    ]
    expect(names.filter((name) => !tried.has(name)).toSorted()).toEqual(elsewhere.toSorted())
  })

  it("carries doctor, which finds the store and its durability", async () => {
    const { out, err } = await runCli(["doctor", "--json"], { LOAN_ENGINE_DATABASE_URL: url })
    expect(err).not.toContain("Error")
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ name: "store", state: "ok" }))
    // The test's server does not sync to its disk.
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({
        name: "durability",
        state: "warning",
        found: expect.stringContaining("fsync"),
      }),
    )
  })

  it("may be restarted under load: nothing acknowledged is lost", async () => {
    const before = sendMany(200, "restarted")
    pooler.kill("SIGKILL")
    await once(pooler, "exit")
    const answers = await before
    pooler = await startPooler()
    await expect.poll(async () => (await engine.callback(signed("after"))).status).toBe(200)
    for (const [index, { status }] of answers.entries()) {
      expect([200, 503]).toContain(status)
      if (status !== 200) continue
      expect((await engine.api("GET", `/v1/loans/restarted-${index}`)).status).toBe(200)
    }
    expect((await runCli(["journal", "verify"], { LOAN_ENGINE_DATABASE_URL: url })).code).toBe(0)
  })
})
