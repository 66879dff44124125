import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import type { PubSub } from "effect"
import type { CallbackDay } from "../../callback-health/health.ts"
import { sealedRowsText } from "../../journal/checkpoint.ts"
import type { Checkpoint } from "../../journal/checkpoint.ts"
import type { JournalStore } from "../../ports/journal-store.ts"
import { callbackCursor } from "../../ports/journal-store.ts"
import { StoreUnavailable } from "../../ports/loan-store.ts"
import { checkpointRow, feedEntry, feedRow, snapshotRow } from "../journal-rows.ts"
import { sqliteFaults } from "./faults.ts"
import type { ReadRows } from "./reader.ts"
import { newStamp } from "./writes.ts"
import type { WriteJob, Written } from "./writes.ts"

type Row = Record<string, SQLOutputValue>

interface Access {
  readonly path: string
  readonly read: <A>(run: () => A) => Effect.Effect<A, StoreUnavailable>
  readonly readMany: ReadRows
  readonly write: (job: WriteJob) => Effect.Effect<Written, StoreUnavailable>
  readonly news: PubSub.PubSub<void>
}

/**
 * The journal of all loans. It is read on the reading connection. It is written in the same group commits as
 * everything else.
 */
export function sqliteJournal(
  database: DatabaseSync,
  { path, read, readMany, write, news }: Access,
): JournalStore["Service"] {
  // Numbers are read as bigints. A number that is too large for JavaScript was not written by the engine, but must
  // not stop the reading.
  const prepare = (sql: string): StatementSync => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }
  const feedColumns =
    "position, application_reference, version, content, hash, raw, repeats, last_repeated_at"
  const feedRows = prepare(`SELECT ${feedColumns} FROM journal WHERE position > ? ORDER BY position LIMIT ?`)
  const sealable = prepare(
    "SELECT position, application_reference, version, hash FROM journal WHERE position > ? ORDER BY position LIMIT ?",
  )
  const byLoan = prepare(`
    SELECT ${feedColumns} FROM journal WHERE (application_reference, version, position) > (?, ?, ?)
    ORDER BY application_reference, version, position LIMIT ?`)
  const snapshots = prepare(`
    SELECT application_reference, account, version, stage, external_reference, closed, snapshot, chain_head, next_poll_at, watermark FROM loans
    WHERE application_reference > ? ORDER BY application_reference LIMIT ?`)
  const checkpoints = prepare("SELECT * FROM checkpoints WHERE number > ? ORDER BY number LIMIT ?")
  const last = prepare("SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1")

  const lastEntry = prepare("SELECT position, content, hash FROM journal ORDER BY position DESC LIMIT 1")
  const places = prepare(`
    SELECT name AS follower, position FROM cursors
    UNION ALL SELECT 'webhooks ' || name, position FROM webhook_endpoints`)
  const cursor = database.prepare("SELECT position FROM cursors WHERE name = ?")
  const callbackDays = database.prepare("SELECT * FROM callback_days WHERE day >= ? ORDER BY account, day")

  return {
    feed: ({ after, limit }) =>
      Effect.map(readMany({ statement: "feed", parameters: [after, limit] }), (rows) => rows.map(feedEntry)),
    versionAt: (reference, position) =>
      Effect.map(readMany({ statement: "versionAt", parameters: [reference, position] }), ([row]) =>
        Number(row?.["version"] ?? 0),
      ),
    lastEntry: read(() => {
      const row = lastEntry.get()
      return row === undefined ? undefined : feedEntry(row)
    }),
    feedRows: ({ after, limit }) => read(() => feedRows.all(after, limit).map(feedRow)),
    sealable: ({ after, limit }) =>
      read(() =>
        sealable.all(after, limit).map((row) => ({
          position: Number(row["position"]),
          applicationReference: String(row["application_reference"]),
          version: Number(row["version"]),
          hash: String(row["hash"]),
        })),
      ),
    rowsByLoan: ({ after, limit }) =>
      read(() => byLoan.all(after.applicationReference, after.version, after.position, limit).map(feedRow)),
    snapshots: ({ after, limit }) => read(() => snapshots.all(after, limit).map(snapshotRow)),
    checkpoints: ({ after, limit }) => read(() => checkpoints.all(after, limit).map(checkpointRow)),
    places: read(() =>
      places.all().map((row) => ({ follower: String(row["follower"]), position: Number(row["position"]) })),
    ),
    faults: read(() => sqliteFaults(database, path)),
    isGapless: true,
    isStandby: Effect.succeed(false),
    news,
    lastCheckpoint: read(() => {
      const row = last.get()
      return row === undefined ? undefined : checkpointRow(row)
    }),
    saveCheckpoint: (checkpoint) =>
      Effect.flatMap(newStamp, (stamp) => Effect.asVoid(write([saveCheckpoint(checkpoint), stamp]))),
    callbacksCountedTo: read(() => Number(cursor.get(callbackCursor)?.["position"] ?? 0)),
    countCallbacks: ({ from, to, days }) =>
      Effect.map(
        write([
          { statement: "moveCursor", parameters: [to, callbackCursor, from] },
          ...days.map((day) => ({
            statement: "addCallbackDay" as const,
            parameters: callbackDayValues(day),
          })),
        ]),
        ({ changes }) => changes > 0,
      ),
    callbackDays: (fromDay) => read(() => callbackDays.all(fromDay).flatMap((row) => callbackDay(row))),
    eraseRaw: (applicationReference, upTo) =>
      write([{ statement: "eraseRaw", parameters: [applicationReference, upTo] }]).pipe(
        Effect.tap(compact(database, read)),
        Effect.map(({ changes }) => changes),
      ),
  }
}

const CallbackDayRow = Schema.Struct({
  account: AccountName,
  day: Schema.Int,
  by_callback: Schema.Int,
  by_poll: Schema.Int,
  late: Schema.Int,
  forged: Schema.Int,
  unauthorized: Schema.Int,
  last_callback_at: Schema.NullOr(Schema.Int),
})
const decodeCallbackDay = Schema.decodeUnknownOption(CallbackDayRow)

/** An altered row is skipped. `journal verify` reports it. */
function callbackDay(row: Row): ReadonlyArray<CallbackDay> {
  const decoded = decodeCallbackDay(row)
  if (Option.isNone(decoded)) return []
  const { by_callback, by_poll, last_callback_at, ...same } = decoded.value
  const lastCallbackAt = last_callback_at === -1 ? null : last_callback_at
  return [{ ...same, byCallback: by_callback, byPoll: by_poll, lastCallbackAt }]
}

const callbackDayValues = (day: CallbackDay) => [
  day.account,
  day.day,
  day.byCallback,
  day.byPoll,
  day.late,
  day.forged,
  day.unauthorized,
  day.lastCallbackAt,
]
/**
 * Removes all traces of erased data from the file and its log. SQLite's secure deletion is not enough: when SQLite
 * moves rows between pages, old copies stay in unused space. So the file is rewritten, and then the log is emptied.
 * No other process may read the store meanwhile.
 */
const compact = (database: DatabaseSync, read: Access["read"]): Effect.Effect<void, StoreUnavailable> =>
  read(() => {
    database.exec("VACUUM")
    return database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()
  }).pipe(
    Effect.mapError(({ message }) => remnants(message)),
    Effect.flatMap((row) =>
      row?.["busy"] === 0 ? Effect.void : Effect.fail(remnants("another process is reading the store.")),
    ),
  )

const remnants = (why: string): StoreUnavailable =>
  new StoreUnavailable({
    message:
      `The raw bodies are erased, but the file or its write-ahead log may still contain copies: ${why} Run the same command again ` +
      "when no other command is reading and the disk has room for a second copy of the file.",
  })

const saveCheckpoint = ({ number, position, sealedAt, root, previousHash, hash, rows }: Checkpoint) => ({
  statement: "saveCheckpoint" as const,
  parameters: [number, position, sealedAt, root, previousHash, hash, sealedRowsText(rows)],
})
