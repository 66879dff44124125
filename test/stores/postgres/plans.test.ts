import * as PgConnection from "@effect/sql-pg/PgConnection"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { connectionConfig } from "@loan-engine/app/store/postgres/server/connection"
import { readStatements } from "@loan-engine/app/store/postgres/statements"
import { Effect, Redacted } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fill } from "../../bench/postgres/filled.ts"
import { scoped } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { query, startPostgres } from "./server.ts"

let server: PostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgres()
  url = await server.newDatabase()
  await fill(url, 20_000)
  await query(
    url,
    `UPDATE loan_engine.loans SET stage = (ARRAY['submitted', 'approved', 'rejected', 'signed', 'paidOut'])[1 + abs(hashtext(application_reference)) % 5],
      external_reference = application_reference, closed = hashtext(application_reference) % 50 = 0,
      stalled = hashtext(application_reference) % 50 = 1`,
  )
  await query(url, "VACUUM (ANALYZE) loan_engine.loans")
})
afterAll(() => server.remove())

interface Node {
  readonly "Node Type": string
  readonly "Index Name"?: string
  readonly "Index Cond"?: string
  readonly Filter?: string
  readonly Plans?: ReadonlyArray<Node>
}

const nodesOf = (node: Node): ReadonlyArray<Node> => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** The nodes of a statement's plan, as a session of the engine keeps it. An index has the name of the whole table's. */
const planOf = (statement: string): Promise<ReadonlyArray<Node>> =>
  scoped(
    Effect.gen(function* () {
      const settings = { ...postgresDefaults, url: Redacted.make(url) }
      const connection = yield* PgConnection.make(connectionConfig(settings, settings.url))
      const numbers = [...statement.matchAll(/\$(\d+)/gu)].map(([, number]) => Number(number))
      const values = Array.from({ length: Math.max(...numbers) }, () => "'10'").join(", ")
      yield* connection.query("SET plan_cache_mode = force_generic_plan")
      yield* connection.query(`PREPARE kept AS ${statement}`)
      const { rows } = yield* connection.query(`EXPLAIN (FORMAT json) EXECUTE kept (${values})`)
      const [{ Plan }] = (rows[0] as { readonly "QUERY PLAN": [{ readonly Plan: Node }] })["QUERY PLAN"]
      const { rows: indexes } = yield* connection.query(
        "SELECT inhrelid::regclass::text AS part, inhparent::regclass::text AS whole FROM pg_inherits",
      )
      const wholes = new Map(
        indexes.map(({ part, whole }) => [part, String(whole).replace("loan_engine.", "")]),
      )
      return nodesOf(Plan).map((node) =>
        node["Index Name"] === undefined
          ? node
          : { ...node, "Index Name": wholes.get(`loan_engine.${node["Index Name"]}`) ?? "" },
      )
    }),
  )

const reads = readStatements("loan_engine")

describe("a page reads its own range of an index, in order, and no more:", () => {
  it.each([
    ["loans", "loans_by_account", ["account", "application_reference"], []],
    ["loansAtStage", "loans_by_stage", ["account", "stage", "application_reference"], []],
    ["loansStalled", "loans_stalled", ["account", "application_reference"], []],
    ["loansClosed", "loans_closed", ["account", "application_reference"], []],
    [
      "loansNamed",
      "loans_by_external_reference",
      ["account", "external_reference", "application_reference"],
      [],
    ],
    ["history", "journal_pkey", ["application_reference", "version"], []],
    // It stops at the first version that is old enough.
    ["versionAt", "journal_pkey", ["application_reference"], ["position"]],
  ] as const)("%s", async (name, index, columns, filters) => {
    const nodes = await planOf(reads[name])
    expect(nodes.filter((node) => /Sort|Seq|Bitmap/u.test(node["Node Type"]))).toEqual([])
    const scans = nodes.filter((node) => node["Index Name"] !== undefined)
    expect(new Set(scans.map((node) => node["Index Name"]))).toEqual(new Set([index]))
    for (const scan of scans) {
      for (const column of columns) expect(scan["Index Cond"]).toContain(column)
      for (const column of filters) expect(scan.Filter).toContain(column)
      if (filters.length === 0) expect(scan.Filter).toBeUndefined()
    }
  })
})
