import type { PgConnection } from "@effect/sql-pg/PgConnection"
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"

/**
 * The oldest supported server version. In older versions, a change of a partitioned table touches every partition.
 */
export const postgresVersionMin = 14

interface Server {
  readonly version: number
  readonly isStandby: boolean
  readonly isReadOnly: boolean
  readonly synchronousCommit: string
  readonly encoding: string
}

/** The faults that make a server unusable, and what to do about each. The first that applies is reported. */
const faults: ReadonlyArray<{
  readonly holds: (server: Server) => boolean
  readonly fault: (server: Server) => string
  readonly onlyForWriting: boolean
}> = [
  {
    holds: ({ version }) => version < postgresVersionMin * 10_000,
    fault: ({ version }) =>
      `is a server of version ${Math.floor(version / 10_000)}; the engine needs ${postgresVersionMin} or newer. ` +
      "Point LOAN_ENGINE_DATABASE_URL at a newer server.",
    onlyForWriting: false,
  },
  {
    holds: ({ encoding }) => encoding !== "UTF8",
    fault: ({ encoding }) =>
      `is encoded in ${encoding}, which cannot hold every text. Point LOAN_ENGINE_DATABASE_URL at a database that was ` +
      "created with ENCODING 'UTF8'.",
    onlyForWriting: false,
  },
  {
    holds: ({ isStandby }) => isStandby,
    fault: () => "is a standby, which can only be read. Point LOAN_ENGINE_DATABASE_URL at the primary.",
    onlyForWriting: true,
  },
  {
    holds: ({ isReadOnly }) => isReadOnly,
    fault: () =>
      "is read-only for this role (default_transaction_read_only is on). Turn that setting off for the role, or point " +
      "LOAN_ENGINE_DATABASE_URL elsewhere.",
    onlyForWriting: true,
  },
  {
    holds: ({ synchronousCommit }) => synchronousCommit === "off",
    fault: () =>
      "acknowledges data before it is on its disk (synchronous_commit is off), so an acknowledged callback could be " +
      "lost. Turn it on for the role of LOAN_ENGINE_DATABASE_URL.",
    onlyForWriting: true,
  },
]

/** Why this server is unusable, and what to do. `undefined` if it is usable. */
export const serverFault = Effect.fnUntraced(function* (
  { query }: PgConnection,
  readOnly: boolean,
): Effect.fn.Return<string | undefined, SqlError> {
  const { rows } = yield* query(`
    SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS standby,
      current_setting('transaction_read_only') = 'on' AS read_only,
      current_setting('synchronous_commit') AS synchronous_commit, current_setting('server_encoding') AS encoding`)
  const row = rows[0] ?? {}
  const server: Server = {
    version: Number(row["version"]),
    isStandby: row["standby"] === true,
    isReadOnly: row["read_only"] === true,
    synchronousCommit: String(row["synchronous_commit"]),
    encoding: String(row["encoding"]),
  }
  return faults
    .find(({ holds, onlyForWriting }) => !(onlyForWriting && readOnly) && holds(server))
    ?.fault(server)
})
