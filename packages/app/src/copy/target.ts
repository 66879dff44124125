import type { PgConnection } from "@effect/sql-pg/PgConnection"
import { Effect, PubSub } from "effect"
import type { Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { JournalStore } from "../ports/journal-store.ts"
import { StoreUnavailable, StoreUnusable } from "../ports/loan-store.ts"
import type { CopiedRow, CopiedTable } from "./copied-tables.ts"
import { copiedPageRowsMax, copiedRow, copiedTables, keyOf } from "./copied-tables.ts"
import { moveFeedOrigin } from "../store/feed-positions.ts"
import { answerMsMax, connect } from "../store/postgres/server/connection.ts"
import { describe, failed } from "../store/postgres/errors.ts"
import { placeOf } from "../store/postgres/server/hosts.ts"
import { postgresJournal } from "../store/postgres/journal.ts"
import { openPostgres } from "../store/postgres/open.ts"
import { bigint, columnOf, int, text } from "../store/postgres/parameters.ts"
import type { Rows } from "../store/postgres/run.ts"
import type { PostgresSettings } from "../store/postgres/settings.ts"
import { quotedSchema } from "../store/postgres/settings.ts"

type Ask = (sql: string, parameters?: ReadonlyArray<unknown>) => Effect.Effect<Rows, SqlError>

/** A PostgreSQL store that was empty, and is filled in one transaction. */
export interface CopyTarget {
  readonly insert: (table: CopiedTable, rows: ReadonlyArray<CopiedRow>) => Effect.Effect<void, SqlError>
  /** Ensures that rows recorded later come after the copied ones in the feed. */
  readonly orderFeed: Effect.Effect<void, SqlError>
  /** The page after a row. Without a row, the first page. */
  readonly page: (
    table: CopiedTable,
    after: CopiedRow | undefined,
  ) => Effect.Effect<ReadonlyArray<CopiedRow>, SqlError>
  /** The journal with the rows so far. Nobody else can see them yet. */
  readonly journal: JournalStore["Service"]
}

/** Creates the tables if necessary. Fails if the store has content. */
export const openCopyTarget = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<void, StoreUnusable | StoreUnavailable> {
  yield* openPostgres(settings)
  yield* Effect.scoped(Effect.flatMap(asking(settings), (ask) => requireEmpty(ask, settings))).pipe(
    Effect.catchTag("SqlError", lost),
  )
})

/**
 * Fills a store in one transaction. If it succeeds, the store has everything that `fill` inserted. If it fails, or if
 * the process or the server ends, the store has none of it. Other writers wait meanwhile.
 */
export const fillCopyTarget = <E>(
  settings: PostgresSettings,
  fill: (target: CopyTarget) => Effect.Effect<void, E | SqlError>,
): Effect.Effect<void, E | StoreUnusable | StoreUnavailable> =>
  Effect.gen(function* () {
    const schema = quotedSchema(settings)
    const ask = yield* asking(settings)
    yield* ask("BEGIN")
    yield* ask(`LOCK TABLE ${schema}.loans, ${schema}.journal, ${schema}.cursors IN EXCLUSIVE MODE`)
    yield* requireEmpty(ask, settings)
    // The migrations insert a row here. It is deleted, because the copy contains this table too.
    yield* ask(`DELETE FROM ${schema}.cursors`)
    yield* fill(yield* targetOf(ask, settings))
    yield* ask("COMMIT")
  }).pipe(
    Effect.scoped,
    Effect.catchIf(isSqlError, (error) => lost(error)),
  )

const isSqlError = (error: unknown): error is SqlError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "SqlError"

const lost = (error: SqlError): Effect.Effect<never, StoreUnavailable | StoreUnusable> =>
  error.reason._tag === "AuthorizationError"
    ? Effect.fail(
        new StoreUnusable({
          message: `The role lacks a right that copying needs (${describe(error)}): copy as the owner of the tables. Nothing was copied.`,
        }),
      )
    : Effect.fail(brokenOff(error))

const brokenOff = (error: SqlError): StoreUnavailable =>
  new StoreUnavailable({
    message: `The copy was interrupted: ${describe(error)}. Nothing was copied, unless only the answer to the commit was lost. Run the command again.`,
  })

/** Opens a session for the copy, with the timeouts of the settings. */
const asking = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<Ask, SqlError, Scope.Scope> {
  const { connection } = yield* connect(settings)
  return (sql, parameters) => Effect.map(answered(connection, settings, sql, parameters), ({ rows }) => rows)
})

const answered = (
  { query }: PgConnection,
  { databaseStatementMsMax }: PostgresSettings,
  sql: string,
  parameters: ReadonlyArray<unknown> = [],
) =>
  Effect.timeoutOrElse(query(sql, parameters), {
    duration: databaseStatementMsMax + answerMsMax,
    orElse: () => failed("the server does not answer"),
  })

const requireEmpty = Effect.fnUntraced(function* (ask: Ask, settings: PostgresSettings) {
  const schema = quotedSchema(settings)
  const held = copiedTables
    .filter(({ name }) => name !== "cursors")
    .map(({ name }) => `SELECT '${name}' AS held WHERE EXISTS (SELECT 1 FROM ${schema}.${name})`)
  const rows = yield* ask(held.join(" UNION ALL "))
  if (rows.length === 0) return
  return yield* new StoreUnusable({
    message:
      `${placeOf(settings.url, settings.schema)} is in use: its tables ${rows.map((row) => String(row["held"])).join(", ")} ` +
      "are not empty. Copy into an empty database, or another schema (LOAN_ENGINE_DATABASE_SCHEMA). Nothing was copied.",
  })
})

const targetOf = Effect.fnUntraced(function* (ask: Ask, settings: PostgresSettings) {
  const schema = quotedSchema(settings)
  const news = yield* PubSub.sliding<void>(1)
  const query = (sql: string, parameters: ReadonlyArray<unknown>) =>
    Effect.mapError(ask(sql, parameters), brokenOff)
  return {
    insert: (table, rows) => insert(ask, schema, table, rows),
    orderFeed: Effect.asVoid(ask(moveFeedOrigin(schema))),
    page: (table, after) =>
      Effect.map(
        ask(pageSql(schema, table, after), [
          int(copiedPageRowsMax),
          ...(after === undefined ? [] : keyOf(table, after).map(keyParameter)),
        ]),
        (rows) => rows.map(copiedRow(table)),
      ),
    journal: postgresJournal(query, settings, news),
  } satisfies CopyTarget
})

const keyParameter = (value: string | number) => (typeof value === "string" ? text(value) : bigint(value))

/** The statement for a page. Texts are compared by their bytes, as in the file, for any collation of the column. */
function pageSql(schema: string, { name, columns, key }: CopiedTable, after: CopiedRow | undefined): string {
  const kinds = new Map(columns)
  const keys = key.map((column) => (kinds.get(column) === "text" ? `${column} COLLATE "C"` : column))
  const places = key.map((_, index) => `$${index + 2}`).join(", ")
  const behind = after === undefined ? "" : `WHERE (${keys.join(", ")}) > (${places})`
  const read = columns.map(([column]) => column).join(", ")
  return `SELECT ${read} FROM ${schema}.${name} ${behind} ORDER BY ${keys.join(", ")} LIMIT $1::int`
}

/** PostgreSQL's array type for a column's values. `bigint` values fit into every integer column. */
const arrayTypes = { text: "text[]", whole: "bigint[]", flag: "boolean[]", bytes: "bytea[]" }

const insert = Effect.fnUntraced(function* (
  ask: Ask,
  schema: string,
  { name, columns, told }: CopiedTable,
  rows: ReadonlyArray<CopiedRow>,
) {
  const all = [...columns, ...(told?.columns ?? []).map((column) => [column, "text"] as const)]
  const values = rows.map((row) => [...row, ...(told?.of(row) ?? [])])
  const places = all.map(([, kind], index) => `$${index + 1}::${arrayTypes[kind]}`)
  yield* ask(
    `INSERT INTO ${schema}.${name} (${all.map(([column]) => column).join(", ")})
     SELECT * FROM unnest(${places.join(", ")})`,
    all.map(([, kind], index) => columnOf[kind](values.map((row) => row[index] ?? null))),
  )
})
