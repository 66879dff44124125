import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Schema } from "effect"
import type { PubSub } from "effect"
import type { CallbackDay } from "../../callback-health/health.ts"
import { sealedRowsText } from "../../journal/checkpoint.ts"
import type { Checkpoint } from "../../journal/checkpoint.ts"
import type { FeedRow, JournalStore } from "../../ports/journal-store.ts"
import { callbackCursor } from "../../ports/journal-store.ts"
import type { StoreUnavailable } from "../../ports/loan-store.ts"
import { feedHorizon } from "../feed-positions.ts"
import type { Query, Rows } from "./run.ts"
import { postgresFaults } from "./faults.ts"
import { unavailable } from "./errors.ts"
import { bigint, bigints, int, ints, text, texts } from "./parameters.ts"
import { checkpointRow, feedEntry, feedRow, snapshotRow } from "../journal-rows.ts"
import { whole, wholeOrNull } from "../rows.ts"
import { readStatements } from "./statements.ts"
import { quotedSchema } from "./settings.ts"
import type { PostgresSettings } from "./settings.ts"

type Row = Rows[number]

/**
 * The journal of all loans. Several engines count, seal and erase in one database. So every write of a cursor checks
 * that no other engine has moved it.
 */
export function postgresJournal(
  query: Query,
  settings: Pick<PostgresSettings, "schema" | "oneMoment">,
  news: PubSub.PubSub<void>,
): JournalStore["Service"] {
  const schema = quotedSchema(settings)
  // A reader of one moment sees no new rows, so it can read the feed to its end.
  const isSettled = settings.oneMoment
    ? "true"
    : `position < (SELECT ${feedHorizon("base")} FROM ${schema}.feed_origin)`
  const { versionAt } = readStatements(schema)
  const feedColumns =
    "position, application_reference, version, content, hash, raw, repeats, last_repeated_at"
  const page = (columns: string): string => `
    SELECT ${columns} FROM ${schema}.journal
    WHERE position > $1::bigint AND ${isSettled}
    ORDER BY position LIMIT $2::int`
  const feed = page("position, content, hash")
  const feedRows = page(feedColumns)
  const lastEntry = `
    SELECT position, content, hash FROM ${schema}.journal WHERE ${isSettled} ORDER BY position DESC LIMIT 1`
  const sealable = page("position, application_reference, version, hash")
  const byLoan = `
    SELECT ${feedColumns}, account, source, evidence, digest FROM ${schema}.journal
    WHERE (application_reference, version, position) > ($1, $2::bigint, $3::bigint)
    ORDER BY application_reference, version, position LIMIT $4::int`
  const snapshots = `
    SELECT application_reference, account, version, stage, external_reference, closed, snapshot, chain_head, next_poll_at, watermark FROM ${schema}.loans
    WHERE application_reference > $1 ORDER BY application_reference LIMIT $2::int`
  const checkpoints = `SELECT * FROM ${schema}.checkpoints WHERE number > $1::bigint ORDER BY number LIMIT $2::int`
  const last = `SELECT * FROM ${schema}.checkpoints ORDER BY number DESC LIMIT 1`
  const cursor = `SELECT position FROM ${schema}.cursors WHERE name = $1`
  const places = `
    SELECT name AS follower, position FROM ${schema}.cursors
    UNION ALL SELECT 'webhooks ' || name, position FROM ${schema}.webhook_endpoints`
  const callbackDays = `SELECT * FROM ${schema}.callback_days WHERE day >= $1::int ORDER BY account, day`
  const erase = `
    UPDATE ${schema}.journal SET raw = NULL
    WHERE application_reference = $1 AND version <= $2::int AND raw IS NOT NULL AND source <> 'operator'
    RETURNING version`

  return {
    feed: ({ after, limit }) => mapped(query(feed, [bigint(after), int(limit)]), feedEntry),
    versionAt: (reference, position) =>
      Effect.map(query(versionAt, [text(reference), bigint(position)]), ([row]) =>
        whole(row?.["version"] ?? 0),
      ),
    lastEntry: Effect.map(query(lastEntry, []), ([row]) => (row === undefined ? undefined : feedEntry(row))),
    feedRows: ({ after, limit }) => mapped(query(feedRows, [bigint(after), int(limit)]), feedRow),
    sealable: ({ after, limit }) =>
      mapped(query(sealable, [bigint(after), int(limit)]), (row) => ({
        position: whole(row["position"]),
        applicationReference: String(row["application_reference"]),
        version: whole(row["version"]),
        hash: String(row["hash"]),
      })),
    rowsByLoan: ({ after, limit }) =>
      mapped(
        query(byLoan, [
          text(after.applicationReference),
          bigint(after.version),
          bigint(after.position),
          int(limit),
        ]),
        rowWithCopies,
      ),
    snapshots: ({ after, limit }) => mapped(query(snapshots, [text(after), int(limit)]), snapshotRow),
    checkpoints: ({ after, limit }) => mapped(query(checkpoints, [bigint(after), int(limit)]), checkpointRow),
    places: mapped(query(places, []), (row) => ({
      follower: String(row["follower"]),
      position: whole(row["position"]),
    })),
    faults: postgresFaults(query, settings.schema),
    isGapless: false,
    isStandby: Effect.map(
      query("SELECT pg_is_in_recovery() AS standby", []),
      ([row]) => row?.["standby"] === true,
    ),
    news,
    lastCheckpoint: Effect.map(query(last, []), ([row]) =>
      row === undefined ? undefined : checkpointRow(row),
    ),
    saveCheckpoint: (checkpoint) => saveCheckpoint(query, schema, checkpoint),
    callbacksCountedTo: Effect.map(query(cursor, [callbackCursor]), ([row]) => whole(row?.["position"] ?? 0)),
    countCallbacks: ({ from, to, days }) =>
      Effect.map(
        query(countDays(schema), [callbackCursor, bigint(from), bigint(to), ...callbackDayColumns(days)]),
        ([row]) => whole(row?.["moved"]) > 0,
      ),
    callbackDays: (fromDay) =>
      Effect.map(query(callbackDays, [int(fromDay)]), (rows) => rows.flatMap(callbackDay)),
    eraseRaw: (applicationReference, upTo) =>
      Effect.map(query(erase, [text(applicationReference), int(upTo)]), (rows) => rows.length),
  }
}

const mapped = <A>(rows: Effect.Effect<Rows, StoreUnavailable>, decode: (row: Row) => A) =>
  Effect.map(rows, (found) => found.map(decode))

/**
 * Inserts a checkpoint only if its `previousHash` is that of the last checkpoint. If two engines seal at the same
 * time, one of them fails and must read again.
 */
const saveCheckpoint = (
  query: Query,
  schema: string,
  { number, position, sealedAt, root, previousHash, hash, rows }: Checkpoint,
): Effect.Effect<void, StoreUnavailable> =>
  query(
    `INSERT INTO ${schema}.checkpoints (number, position, sealed_at, root, previous_hash, hash, rows)
     SELECT $1::bigint, $2::bigint, $3::bigint, $4, $5, $6, $7
     WHERE $5 = coalesce((SELECT hash FROM ${schema}.checkpoints WHERE number = $1::bigint - 1), '')
     ON CONFLICT DO NOTHING RETURNING number`,
    [
      bigint(number),
      bigint(position),
      bigint(sealedAt),
      text(root),
      text(previousHash),
      text(hash),
      text(sealedRowsText(rows)),
    ],
  ).pipe(
    Effect.flatMap(({ length }) =>
      length === 1 ? Effect.void : Effect.fail(unavailable("another engine has sealed the feed meanwhile")),
    ),
  )

/** Moves the cursor and adds the counts. If another engine has moved the cursor meanwhile, nothing is added. */
const countDays = (schema: string): string => `
  WITH moved AS (
    UPDATE ${schema}.cursors SET position = $3::bigint WHERE name = $1 AND position = $2::bigint RETURNING name),
  counted AS (
    INSERT INTO ${schema}.callback_days AS d
      (account, day, by_callback, by_poll, late, forged, unauthorized, last_callback_at)
    SELECT n.* FROM unnest($4::text[], $5::int[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
      $11::bigint[]) AS n (account, day, by_callback, by_poll, late, forged, unauthorized, last_callback_at)
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (account, day) DO UPDATE SET
      by_callback = d.by_callback + excluded.by_callback,
      by_poll = d.by_poll + excluded.by_poll,
      late = d.late + excluded.late,
      forged = d.forged + excluded.forged,
      unauthorized = d.unauthorized + excluded.unauthorized,
      last_callback_at = greatest(d.last_callback_at, excluded.last_callback_at))
  SELECT count(*) AS moved FROM moved`

const callbackDayColumns = (days: ReadonlyArray<CallbackDay>): ReadonlyArray<unknown> => [
  texts(days.map(({ account }) => account)),
  ints(days.map(({ day }) => day)),
  bigints(days.map(({ byCallback }) => byCallback)),
  bigints(days.map(({ byPoll }) => byPoll)),
  bigints(days.map(({ late }) => late)),
  bigints(days.map(({ forged }) => forged)),
  bigints(days.map(({ unauthorized }) => unauthorized)),
  bigints(days.map(({ lastCallbackAt }) => lastCallbackAt)),
]

const isAccountName = Schema.is(AccountName)

/** An altered row is skipped. `journal verify` reports it. */
const callbackDay = (row: Row): ReadonlyArray<CallbackDay> =>
  isAccountName(row["account"]) ? [countedDay(row["account"], row)] : []

const countedDay = (account: AccountName, row: Row): CallbackDay => ({
  account,
  day: whole(row["day"]),
  byCallback: whole(row["by_callback"]),
  byPoll: whole(row["by_poll"]),
  late: whole(row["late"]),
  forged: whole(row["forged"]),
  unauthorized: whole(row["unauthorized"]),
  lastCallbackAt: wholeOrNull(row["last_callback_at"]),
})

const rowWithCopies = (row: Row): FeedRow => ({
  ...feedRow(row),
  copies: {
    account: String(row["account"]),
    source: String(row["source"]),
    evidence: String(row["evidence"]),
    digest: String(row["digest"]),
  },
})
