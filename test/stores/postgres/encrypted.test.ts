import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { makeAuthority } from "../../../packages/adapters-http/test/http/authority.ts"
import { runCli } from "../../doors/cli/run-cli.ts"
import type { PostgresServer } from "./server.ts"
import { password, query, startPostgres, until } from "./server.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-encrypted-"))
const authorityFile = join(directory, "authority.pem")
let server: PostgresServer
let database: string
beforeAll(async () => {
  server = await startPostgres()
  const authority = makeAuthority()
  writeFileSync(authorityFile, authority.certificate)
  const { cert, key } = authority.sign("localhost")
  const owner = statSync(server.directory)
  for (const [name, text] of [
    ["server.crt", cert],
    ["server.key", key],
  ] as const) {
    const path = join(server.directory, name)
    writeFileSync(path, text, { mode: 0o600 })
    chownSync(path, owner.uid, owner.gid)
  }
  const url = await server.newDatabase()
  database = new URL(url).pathname
  // From now on, the server refuses every session that is not encrypted.
  const rules = join(server.directory, "pg_hba.conf")
  writeFileSync(rules, readFileSync(rules, "utf8").replaceAll(/^host\b/gmu, "hostssl"))
  await query(url, "ALTER SYSTEM SET ssl = on")
  await query(url, "SELECT pg_reload_conf()")
  const isPlainRefused = () =>
    query(url, "SELECT 1").then(
      () => false,
      () => true,
    )
  await Effect.runPromise(until(isPlainRefused))
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

const migrate = (host: string, environment: Readonly<Record<string, string>> = {}) =>
  runCli(["migrate"], {
    LOAN_ENGINE_DATABASE_URL: `postgres://postgres:${password}@${host}:${server.port}${database}?sslmode=require`,
    ...environment,
  })

describe("a PostgreSQL server with TLS", () => {
  it("is refused if nobody vouches for its certificate", async () => {
    const { code, err } = await migrate("localhost")
    expect([code, err]).toEqual([2, expect.stringMatching(/certificate/u)])
    expect(err).toContain("NODE_EXTRA_CA_CERTS")
    expect(err).not.toContain(password)
  })

  it("is refused if its certificate is for another host, also with its authority", async () => {
    const { code, err } = await migrate("127.0.0.1", { NODE_EXTRA_CA_CERTS: authorityFile })
    expect([code, err]).toEqual([2, expect.stringMatching(/certificate/u)])
  })

  it("is used if its authority is named", async () => {
    const { code, out, err } = await migrate("localhost", { NODE_EXTRA_CA_CERTS: authorityFile })
    expect([code, err]).toEqual([0, ""])
    expect(out).toContain("version")
  })
})
