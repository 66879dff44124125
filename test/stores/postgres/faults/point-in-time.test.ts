import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import { event } from "../../../doors/api/api-call.ts"
import { openEvents } from "../../../doors/api/event-stream.ts"
import { runCli } from "../../../doors/cli/run-cli.ts"
import { startEngine } from "../../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../../whole/slice/engine-process.ts"
import type { PostgresServer } from "../server.ts"
import { query, session, startPostgres, startRecovered, until } from "../server.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-point-"))
const archive = join(directory, "archive")
const base = join(directory, "base")
let server: PostgresServer
let url: string
beforeAll(async () => {
  chmodSync(directory, 0o755)
  mkdirSync(archive)
  // The settings in docs/backup.md, with another folder.
  server = await startPostgres([
    "fsync=off",
    "archive_mode=on",
    `archive_command=test ! -f ${archive}/%f && cp %p ${archive}/%f`,
  ])
  const { uid, gid } = statSync(server.directory)
  chownSync(archive, uid, gid)
  url = await server.newDatabase()
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

/** Copies the files of a running server, between the start and the end of a backup. `pg_basebackup` does the same. */
const copyFiles = Effect.scoped(
  Effect.gen(function* () {
    const connection = yield* session(url)
    yield* connection.query("SELECT pg_backup_start('base', true)", [], false)
    cpSync(server.directory, base, {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !/\/pg_wal\/.|\/postmaster\.(?:pid|opts)$/u.test(path),
    })
    const { rows } = yield* connection.query("SELECT labelfile FROM pg_backup_stop()", [], false)
    writeFileSync(join(base, "backup_label"), String(rows[0]?.["labelfile"]))
  }),
)

const send = async (engine: EngineProcess, reference: string) =>
  expect((await engine.callback(event(reference, "SIGNED"))).status).toBe(200)
const statusOf = async (engine: EngineProcess, reference: string) =>
  (await engine.api("GET", `/v1/loans/${reference}`)).status

it("the database of an earlier moment is restored: it is sound, without later rows, and readers that are ahead get an error", async () => {
  const engine = await startEngine(url, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
  await send(engine, "in-the-base")
  await Effect.runPromise(copyFiles)
  await send(engine, "before-the-moment")
  const [moment] = await query(url, "SELECT clock_timestamp()::text AS at")
  await send(engine, "after-the-moment")
  const stream = await openEvents(`${engine.url}/v1/changes?after=0`)
  let ahead: string | undefined
  for (let changes = 0; changes < 3;) {
    const next = await stream.next()
    ahead = next?.id
    if (next?.data !== "") changes++
  }
  stream.close()
  expect(await engine.stop()).toBe(0)
  const [last] = await query(url, "SELECT pg_walfile_name(pg_switch_wal()) AS name")
  await Effect.runPromise(until(async () => existsSync(join(archive, String(last?.["name"])))))

  const recovered = await startRecovered(
    base,
    server,
    `restore_command = 'cp ${archive}/%f %p'\nrecovery_target_time = '${String(moment?.["at"])}'\nrecovery_target_action = 'promote'\n`,
  )
  try {
    const there = url.replace(`:${server.port}/`, `:${recovered.port}/`)
    for (const command of ["verify", "replay"]) {
      expect(await runCli(["journal", command], { LOAN_ENGINE_DATABASE_URL: there })).toMatchObject({
        code: 0,
      })
    }
    const again = await startEngine(there, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect([await statusOf(again, "in-the-base"), await statusOf(again, "before-the-moment")]).toEqual([
      200, 200,
    ])
    expect(await statusOf(again, "after-the-moment")).toBe(404)
    const answer = await again.api("GET", `/v1/changes?after=${ahead}`)
    expect([answer.status, await answer.json()]).toEqual([
      410,
      expect.objectContaining({ code: "cursor-unknown" }),
    ])
    await send(again, "after-the-moment")
    expect(await statusOf(again, "after-the-moment")).toBe(200)
    expect(await again.stop()).toBe(0)
  } finally {
    await recovered.remove()
  }
})
