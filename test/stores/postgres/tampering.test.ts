import type { FindingCode } from "@loan-engine/app/audit/finding"
import { verifyJournal } from "@loan-engine/app/audit/verify-journal"
import { countFeed } from "@loan-engine/app/callbacks/callback-watch"
import { sealFeed } from "@loan-engine/app/feed/sealing"
import { commandDatabaseLayer } from "@loan-engine/app/store/database"
import { postgresLimitsDefault } from "@loan-engine/app/store/postgres/settings"
import { Effect, Redacted } from "effect"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { alterations, altered, keys } from "../../engine/journal/alterations.ts"
import type { Value } from "../../engine/journal/alterations.ts"
import { lifeOf, say, untiring } from "../../engine/journal/lived-store.ts"
import { propertySeed } from "../../proof/properties/settings.ts"
import { openEngine, scoped } from "./engines.ts"
import type { PostgresServer } from "./server.ts"
import { query, startPostgres } from "./server.ts"

let server: PostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgres()
  url = await server.newDatabase()
  await scoped(
    Effect.gen(function* () {
      const { context } = yield* openEngine(url)
      const lived = Effect.gen(function* () {
        for (const reference of ["A", "B"]) {
          for (const next of lifeOf(reference, 1_000)) yield* say(reference, ...next)
        }
        for (const next of lifeOf("on its way", 2_000).slice(0, 4)) yield* say("on its way", ...next)
        yield* sealFeed(7)
        yield* countFeed
      })
      yield* Effect.provide(lived, context)
    }),
  )
})
afterAll(() => server.remove())

const verify = () =>
  Effect.runPromise(
    Effect.provide(
      verifyJournal([], undefined, untiring),
      commandDatabaseLayer(
        {
          store: "postgres",
          url: Redacted.make(url),
          schema: "loan_engine",
          notifies: false,
          limits: postgresLimitsDefault,
        },
        "read",
      ),
    ),
  )

/** What somebody with the database's password can do, how the test undoes it, and the expected finding. */
const tamperings: ReadonlyArray<readonly [name: string, act: string, undo: string, code: FindingCode]> = [
  [
    "alters an amount that the API serves",
    `UPDATE loan_engine.loans SET snapshot = replace(snapshot, '"50000"', '"90000"') WHERE application_reference = 'A'`,
    `UPDATE loan_engine.loans SET snapshot = replace(snapshot, '"90000"', '"50000"') WHERE application_reference = 'A'`,
    "replay-snapshot",
  ],
  [
    "lets a loan on its way rest for ever",
    "CREATE TABLE kept AS SELECT next_poll_at FROM loan_engine.loans WHERE application_reference = 'on its way' ;; UPDATE loan_engine.loans SET next_poll_at = NULL WHERE application_reference = 'on its way'",
    "UPDATE loan_engine.loans SET next_poll_at = (SELECT next_poll_at FROM kept) WHERE application_reference = 'on its way' ;; DROP TABLE kept",
    "schedule-lost",
  ],
  [
    "moves an endpoint of webhooks beyond the feed",
    "INSERT INTO loan_engine.webhook_endpoints (name, position) VALUES ('crm', 9000000000000000)",
    "DELETE FROM loan_engine.webhook_endpoints",
    "place-impossible",
  ],
  [
    "wipes the counts of callbacks",
    "CREATE TABLE kept AS SELECT * FROM loan_engine.callback_days ;; DELETE FROM loan_engine.callback_days",
    "INSERT INTO loan_engine.callback_days SELECT * FROM kept ;; DROP TABLE kept",
    "counts-differ",
  ],
  [
    "moves the counting of callbacks back, so that it counts them twice",
    "CREATE TABLE kept AS SELECT * FROM loan_engine.cursors ;; UPDATE loan_engine.cursors SET position = 0",
    "UPDATE loan_engine.cursors SET position = (SELECT position FROM kept) ;; DROP TABLE kept",
    "counts-differ",
  ],
  [
    "adds a trigger",
    "CREATE FUNCTION loan_engine.quiet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$ ;; CREATE TRIGGER quiet BEFORE INSERT ON loan_engine.journal FOR EACH ROW EXECUTE FUNCTION loan_engine.quiet()",
    "DROP TRIGGER quiet ON loan_engine.journal ;; DROP FUNCTION loan_engine.quiet",
    "store-damaged",
  ],
  [
    "adds a rule",
    "CREATE RULE quiet AS ON INSERT TO loan_engine.callback_registrations DO INSTEAD NOTHING",
    "DROP RULE quiet ON loan_engine.callback_registrations",
    "store-damaged",
  ],
  [
    "hides rows by a policy",
    "ALTER TABLE loan_engine.loans_0 ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE loan_engine.loans_0 DISABLE ROW LEVEL SECURITY",
    "store-damaged",
  ],
  [
    "drops an index",
    "DROP INDEX loan_engine.journal_feed",
    "CREATE INDEX journal_feed ON loan_engine.journal (position, application_reference)",
    "store-damaged",
  ],
  [
    "lets a crash of the server empty a table",
    "ALTER TABLE loan_engine.journal_0 SET UNLOGGED",
    "ALTER TABLE loan_engine.journal_0 SET LOGGED",
    "store-damaged",
  ],
  [
    "adds a check that refuses rows",
    "ALTER TABLE loan_engine.loans_0 ADD CONSTRAINT few CHECK (version < 1000)",
    "ALTER TABLE loan_engine.loans_0 DROP CONSTRAINT few",
    "store-damaged",
  ],
  [
    "adds an index that allows no duplicates",
    "CREATE UNIQUE INDEX one_only ON loan_engine.signing_accounts ((1))",
    "DROP INDEX loan_engine.one_only",
    "store-damaged",
  ],
  [
    "plans a poll at no time",
    "CREATE TABLE kept AS SELECT next_poll_at FROM loan_engine.loans WHERE application_reference = 'on its way' ;; UPDATE loan_engine.loans SET next_poll_at = -9000000000000000 WHERE application_reference = 'on its way'",
    "UPDATE loan_engine.loans SET next_poll_at = (SELECT next_poll_at FROM kept) WHERE application_reference = 'on its way' ;; DROP TABLE kept",
    "schedule-lost",
  ],
  [
    "makes an index of the same name on other columns",
    "DROP INDEX loan_engine.loans_by_stage ;; CREATE INDEX loans_by_stage ON loan_engine.loans (account)",
    "DROP INDEX loan_engine.loans_by_stage ;; CREATE INDEX loans_by_stage ON loan_engine.loans (account, stage, application_reference)",
    "store-damaged",
  ],
  [
    "makes a primary key of other columns",
    "ALTER TABLE loan_engine.callback_days DROP CONSTRAINT callback_days_pkey ;; ALTER TABLE loan_engine.callback_days ADD PRIMARY KEY (day, account)",
    "ALTER TABLE loan_engine.callback_days DROP CONSTRAINT callback_days_pkey ;; ALTER TABLE loan_engine.callback_days ADD PRIMARY KEY (account, day)",
    "store-damaged",
  ],
  [
    "lets each new row begin with a repeat",
    "ALTER TABLE loan_engine.journal_0 ALTER COLUMN repeats SET DEFAULT 1",
    "ALTER TABLE loan_engine.journal_0 ALTER COLUMN repeats SET DEFAULT 0",
    "store-damaged",
  ],
  [
    "takes away a partition, which holds nothing",
    "ALTER TABLE loan_engine.webhook_parked DETACH PARTITION loan_engine.webhook_parked_0",
    "ALTER TABLE loan_engine.webhook_parked ATTACH PARTITION loan_engine.webhook_parked_0 FOR VALUES WITH (MODULUS 4, REMAINDER 0)",
    "store-damaged",
  ],
  [
    "adds rows from a table of its own",
    "CREATE TABLE heir () INHERITS (loan_engine.cursors)",
    "DROP TABLE heir",
    "store-damaged",
  ],
  [
    "adds a column that must be filled",
    "ALTER TABLE loan_engine.signing_accounts ADD COLUMN more text NOT NULL",
    "ALTER TABLE loan_engine.signing_accounts DROP COLUMN more",
    "store-damaged",
  ],
  [
    "alters the copy of a digest that re-deliveries are looked up by",
    "UPDATE loan_engine.journal SET digest = 'x' || digest WHERE application_reference = 'A' AND version = 1",
    "UPDATE loan_engine.journal SET digest = substr(digest, 2) WHERE application_reference = 'A' AND version = 1",
    "column-mismatch",
  ],
  [
    "drops a primary key",
    "ALTER TABLE loan_engine.cursors DROP CONSTRAINT cursors_pkey",
    "ALTER TABLE loan_engine.cursors ADD PRIMARY KEY (name)",
    "store-damaged",
  ],
  [
    "puts another clock in place of the database's",
    "CREATE OR REPLACE FUNCTION loan_engine.clock_ms() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT 0::bigint $$",
    "CREATE OR REPLACE FUNCTION loan_engine.clock_ms() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint $$",
    "store-damaged",
  ],
]

const run = async (statements: string): Promise<void> => {
  for (const statement of statements.split(" ;; ")) await query(url, statement)
}

describe("verify on PostgreSQL", () => {
  it("finds nothing in an unchanged store", async () => {
    expect((await verify()).findings).toEqual([])
  })

  it.each(tamperings)("finds who %s", async (_name, act, undo, code) => {
    await run(act)
    const { findings } = await verify()
    await run(undo)
    expect(findings.map((found) => found.code)).toContain(code)
    expect((await verify()).findings).toEqual([])
  })

  it("finds any changed value of any row that is evidence", async () => {
    let cases = 0
    await fc.assert(
      fc.asyncProperty(alterations, async (alteration) => {
        const { table, column } = alteration
        const key = keys[table]
        const rows = await query(url, `SELECT * FROM loan_engine.${table} ORDER BY ${key}`)
        const row = rows[alteration.row % rows.length] ?? {}
        const before = valueOf(row[column])
        const after = altered(before, alteration)
        if (after === undefined || rows.some((other) => valueOf(other[column]) === after)) return
        const set = `UPDATE loan_engine.${table} SET ${column} = $1 WHERE ${key} = $2`
        await query(url, set, [after, row[key]])
        const { findings } = await verify()
        await query(url, set, [before, column === key ? after : row[key]])
        expect(findings.map(({ code }) => code)).not.toEqual([])
        cases++
      }),
      { seed: propertySeed, numRuns: 60 },
    )
    expect(cases).toBeGreaterThan(30)
    expect((await verify()).findings).toEqual([])
  })
})

/** PostgreSQL's 64-bit numbers arrive as `bigint`. */
const valueOf = (value: unknown): Value => (typeof value === "bigint" ? Number(value) : (value as Value))
