import type { PgConnection } from "@effect/sql-pg/PgConnection"
import { connectionCause } from "@loan-engine/adapters-http/http/connection-cause"
import { Effect } from "effect"
import type { Scope } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { StoreUnusable } from "../../ports/loan-store.ts"
import { moveFeedOrigin } from "../feed-positions.ts"
import { connect } from "./server/connection.ts"
import { codeOf, describe } from "./errors.ts"
import type { Host } from "./server/hosts.ts"
import { hostsOf, placeOf } from "./server/hosts.ts"
import { migrationsFrom, postgresSchemaVersion, postgresTables } from "./schema.ts"
import type { PostgresSettings } from "./settings.ts"
import { quotedSchema } from "./settings.ts"
import { serverFault } from "./server/server.ts"

/** What was found when a database was opened. */
export interface Opened {
  /** The version of the schema before it was opened. 0 if there was no schema. */
  readonly version: number
  /** The server on which the database was opened. */
  readonly host: Host
}

/**
 * Checks that the database is usable, and migrates its schema to this program's version. If the settings say that
 * the database is only read, or must not be migrated, its schema must already have this version. All pending
 * migrations run in one transaction, under a lock for which other engines wait. So either all run, exactly once, or
 * none.
 */
export const openPostgres = (settings: PostgresSettings): Effect.Effect<Opened, StoreUnusable> =>
  Effect.scoped(
    Effect.catchTag(prepare(settings), "SqlError", (error) => Effect.fail(unopened(settings, error))),
  ).pipe(
    Effect.timeoutOrElse({
      duration:
        hostsOf(settings.url).length * settings.databaseConnectMsMax + settings.databaseMigrationMsMax,
      orElse: () => unusable(settings, `does not answer. ${generalAdvice}`),
    }),
  )

const prepare = Effect.fnUntraced(function* (
  settings: PostgresSettings,
): Effect.fn.Return<Opened, StoreUnusable | SqlError, Scope.Scope> {
  const { connection, host } = yield* connect(settings)
  const fault = yield* serverFault(connection, settings.readOnly)
  if (fault !== undefined) return yield* unusable(settings, fault)
  const version = yield* versionOf(connection, settings)
  if (settings.readOnly || !settings.migrates) yield* requireCurrent(version, settings)
  else if (version !== postgresSchemaVersion) {
    yield* inTransaction(connection, migrate(connection, settings))
  }
  const missing = yield* missingRights(connection, settings)
  if (missing.length > 0) return yield* unusable(settings, rightsMissing(settings, missing))
  if (!settings.readOnly) yield* keepFeedOrdered(connection, settings)
  return { version, host }
})

/** The schema's version: 0 before the first migration. */
const versionOf = Effect.fnUntraced(function* (
  { query }: PgConnection,
  settings: PostgresSettings,
): Effect.fn.Return<number, StoreUnusable | SqlError> {
  const table = `${quotedSchema(settings)}.migrations`
  const { rows: found } = yield* query("SELECT to_regclass($1) IS NOT NULL AS found", [table])
  if (found[0]?.["found"] !== true) return 0
  const { rows } = yield* query(`SELECT coalesce(max(version), 0) AS version FROM ${table}`)
  const version = Number(rows[0]?.["version"])
  if (version <= postgresSchemaVersion) return version
  return yield* unusable(
    settings,
    `was written by a newer loan engine (its schema is version ${version}, this program knows ` +
      `${postgresSchemaVersion}). Run the newer program, or point LOAN_ENGINE_DATABASE_URL or ` +
      "LOAN_ENGINE_DATABASE_SCHEMA elsewhere.",
  )
})

/** For a program that must not migrate. It fails unless the schema has this program's version. */
const requireCurrent = Effect.fnUntraced(function* (version: number, settings: PostgresSettings) {
  if (version === postgresSchemaVersion) return
  return yield* unusable(
    settings,
    version === 0
      ? "has no loans yet. Start the engine on it first, or check LOAN_ENGINE_DATABASE_SCHEMA."
      : `was written by an older loan engine (its schema is version ${version}, this program knows ` +
          `${postgresSchemaVersion}). Start the engine once, or run \`loan-engine migrate\`, to bring it up to date.`,
  )
})

const migrate = Effect.fnUntraced(function* (connection: PgConnection, settings: PostgresSettings) {
  const { query } = connection
  const { databaseMigrationMsMax, databasePartitions } = settings
  const schema = quotedSchema(settings)
  yield* query("SELECT set_config('statement_timeout', $1, true), set_config('lock_timeout', $1, true)", [
    String(databaseMigrationMsMax),
  ])
  yield* query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`loan engine ${settings.schema}`])
  const { rows: schemas } = yield* query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [settings.schema])
  // CREATE SCHEMA needs a right that the engine may not have, even if the schema exists. So check first.
  if (schemas.length === 0) yield* query(`CREATE SCHEMA ${schema}`)
  const version = yield* versionOf(connection, settings)
  if (version === postgresSchemaVersion) return
  yield* query(`CREATE TABLE IF NOT EXISTS ${schema}.migrations (
    version integer PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT now())`)
  yield* Effect.forEach(migrationsFrom(version, schema, databasePartitions), (statement) =>
    query(statement, [], false),
  )
  yield* query(`INSERT INTO ${schema}.migrations (version) SELECT generate_series($1::int, $2::int)`, [
    version + 1,
    postgresSchemaVersion,
  ])
})

/** Runs the effect in one transaction. */
const inTransaction = <A, E>(
  { query }: PgConnection,
  effect: Effect.Effect<A, E>,
): Effect.Effect<A, E | SqlError> =>
  query("BEGIN").pipe(
    Effect.andThen(effect),
    Effect.tap(() => query("COMMIT")),
    Effect.tapError(() => Effect.ignore(query("ROLLBACK"))),
  )

const missingRights = Effect.fnUntraced(function* (
  { query }: PgConnection,
  settings: PostgresSettings,
): Effect.fn.Return<ReadonlyArray<string>, SqlError> {
  const { readOnly } = settings
  const schema = quotedSchema(settings)
  const wanted = Object.entries(postgresTables).flatMap(([table, rights]) =>
    rights
      .filter((right) => !readOnly || right === "SELECT")
      .map((right) => ({ right, table: `${schema}.${table}` })),
  )
  const { rows } = yield* query(
    `SELECT format('%s on %s', wanted.privilege, wanted.relation) AS missing
     FROM unnest($1::text[], $2::text[]) AS wanted (relation, privilege)
     WHERE NOT has_table_privilege(wanted.relation, wanted.privilege)`,
    [wanted.map(({ table }) => table), wanted.map(({ right }) => right)],
  )
  return rows.map((row) => String(row["missing"]))
})

const rightsMissing = ({ schema }: PostgresSettings, missing: ReadonlyArray<string>): string =>
  `does not give the role of LOAN_ENGINE_DATABASE_URL all rights that it needs: it lacks ${missing.join(", ")}. Grant it ` +
  `USAGE on schema ${schema}, and these rights.`

/**
 * Corrects the order of the feed if necessary. This needs the right to change the origin. A role without it leaves
 * this to other engines.
 */
const keepFeedOrdered = Effect.fnUntraced(function* ({ query }: PgConnection, settings: PostgresSettings) {
  const schema = quotedSchema(settings)
  const { rows } = yield* query("SELECT has_table_privilege($1, 'UPDATE') AS allowed", [
    `${schema}.feed_origin`,
  ])
  if (rows[0]?.["allowed"] === true) yield* query(moveFeedOrigin(schema))
})

const unusable = (settings: PostgresSettings, fault: string): Effect.Effect<never, StoreUnusable> =>
  Effect.fail(new StoreUnusable({ message: `${place(settings)} ${fault}` }))

const place = (settings: PostgresSettings): string => placeOf(settings.url, settings.schema)

/**
 * The error when a database cannot be opened: the message of the driver or the server, and what to check. The URL
 * itself is never shown.
 */
function unopened(settings: PostgresSettings, error: SqlError): StoreUnusable {
  const told = describe(error)
  const advice = told.includes("does not support TLS")
    ? plainText
    : connectionCause(codeOf(error.reason) ?? "") === "certificate"
      ? certificateAdvice
      : (adviceByReason[error.reason._tag] ?? generalAdvice)
  return new StoreUnusable({
    message: `${place(settings)} cannot be used: ${told.replace(/\.$/u, "")}. ${advice}`,
  })
}

const plainText =
  "The engine requires TLS to every host except this machine. Turn on TLS at the server. Only if nobody else can read the network, " +
  "add sslmode=disable to LOAN_ENGINE_DATABASE_URL instead."

const certificateAdvice =
  "Check that the server's certificate has not expired, and is for the host in LOAN_ENGINE_DATABASE_URL. If your own authority has " +
  "signed it, put that authority's certificate into the file that NODE_EXTRA_CA_CERTS names."

const generalAdvice =
  "Check that LOAN_ENGINE_DATABASE_URL names a running server and an existing database, as in " +
  "postgres://user:password@host:5432/database?sslmode=require."

const adviceByReason: { readonly [tag: string]: string } = {
  AuthenticationError: "Check the user and the password in LOAN_ENGINE_DATABASE_URL.",
  AuthorizationError:
    "Grant the role of LOAN_ENGINE_DATABASE_URL the right to create the schema that LOAN_ENGINE_DATABASE_SCHEMA names. " +
    "Or ask somebody with that right to create the schema and its tables.",
  LockTimeoutError: "Another engine is migrating the tables: start again when it has finished.",
  StatementTimeoutError: "Give it more time with LOAN_ENGINE_DATABASE_MIGRATION_MS_MAX.",
}
