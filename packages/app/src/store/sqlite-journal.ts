import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Schema } from "effect"
import type { CallbackDay } from "../callback-health.ts"
import type { Checkpoint } from "../checkpoint.ts"
import type { CheckpointRow, FeedRow, JournalStore, SnapshotRow } from "../journal-store.ts"
import type { StoreUnavailable } from "../loan-store.ts"
import type { WriteJob, Written } from "./sqlite-writes.ts"

type Row = Record<string, SQLOutputValue>

/** The journal as a whole, read on the connection that reads and written in the same group commits as everything. */
export function sqliteJournal(
  database: DatabaseSync,
  read: <A>(run: () => A) => Effect.Effect<A, StoreUnavailable>,
  write: (job: WriteJob) => Effect.Effect<Written, StoreUnavailable>,
): JournalStore["Service"] {
  const feedColumns = "position, application_reference, version, content, hash, raw"
  const feed = database.prepare(
    `SELECT ${feedColumns} FROM journal WHERE position > ? ORDER BY position LIMIT ?`,
  )
  const sealable = database.prepare(
    "SELECT position, application_reference, version, hash FROM journal WHERE position > ? ORDER BY position LIMIT ?",
  )
  const byLoan = database.prepare(`
    SELECT ${feedColumns} FROM journal WHERE (application_reference, version) > (?, ?)
    ORDER BY application_reference, version LIMIT ?`)
  const snapshots = database.prepare(`
    SELECT application_reference, account, version, stage, snapshot, chain_head FROM loans
    WHERE application_reference > ? ORDER BY application_reference LIMIT ?`)
  const checkpoints = database.prepare("SELECT * FROM checkpoints WHERE number > ? ORDER BY number LIMIT ?")
  const last = database.prepare("SELECT * FROM checkpoints ORDER BY number DESC LIMIT 1")

  const cursor = database.prepare("SELECT position FROM cursors WHERE name = ?")
  const callbackDays = database.prepare("SELECT * FROM callback_days WHERE day >= ? ORDER BY account, day")

  return {
    feed: ({ after, limit }) => read(() => feed.all(after, limit).map(feedRow)),
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
      read(() => byLoan.all(after.applicationReference, after.version, limit).map(feedRow)),
    snapshots: ({ after, limit }) => read(() => snapshots.all(after, limit).map(snapshotRow)),
    checkpoints: ({ after, limit }) => read(() => checkpoints.all(after, limit).map(checkpointRow)),
    lastCheckpoint: read(() => {
      const row = last.get()
      return row === undefined ? undefined : checkpointRow(row)
    }),
    saveCheckpoint: (checkpoint) => Effect.asVoid(write([saveCheckpoint(checkpoint)])),
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
    callbackDays: (fromDay) => read(() => callbackDays.all(fromDay).map((row) => callbackDay(row))),
    eraseRaw: (applicationReference, upTo) =>
      write([{ statement: "eraseRaw", parameters: [applicationReference, upTo] }]).pipe(
        // What was erased is in the log until that is copied into the file and emptied.
        Effect.tap(read(() => database.exec("PRAGMA wal_checkpoint(TRUNCATE)"))),
        Effect.map(({ changes }) => changes),
      ),
  }
}

const callbackCursor = "callback-days"

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
const decodeCallbackDay = Schema.decodeUnknownSync(CallbackDayRow)

function callbackDay(row: Row): CallbackDay {
  const { by_callback, by_poll, last_callback_at, ...same } = decodeCallbackDay(row)
  const lastCallbackAt = last_callback_at === -1 ? null : last_callback_at
  return { ...same, byCallback: by_callback, byPoll: by_poll, lastCallbackAt }
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

const feedRow = (row: Row): FeedRow => ({
  position: Number(row["position"]),
  applicationReference: String(row["application_reference"]),
  version: Number(row["version"]),
  text: String(row["content"]),
  hash: String(row["hash"]),
  raw: row["raw"] instanceof Uint8Array ? row["raw"] : null,
})

const snapshotRow = (row: Row): SnapshotRow => ({
  applicationReference: String(row["application_reference"]),
  account: String(row["account"]),
  version: Number(row["version"]),
  stage: String(row["stage"]),
  snapshot: String(row["snapshot"]),
  chainHead: String(row["chain_head"]),
})

const checkpointRow = (row: Row): CheckpointRow => ({
  number: Number(row["number"]),
  position: Number(row["position"]),
  sealedAt: Number(row["sealed_at"]),
  root: String(row["root"]),
  previousHash: String(row["previous_hash"]),
  hash: String(row["hash"]),
  rows: String(row["rows"]),
})

const saveCheckpoint = ({ number, position, sealedAt, root, previousHash, hash, rows }: Checkpoint) => ({
  statement: "saveCheckpoint" as const,
  parameters: [
    number,
    position,
    sealedAt,
    root,
    previousHash,
    hash,
    canonicalJson(rows.map((row) => ({ ...row }))),
  ],
})
