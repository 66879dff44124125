import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import { Effect, Random } from "effect"
import { isSqliteError } from "./connection.ts"
import { sqliteFailure } from "./failure.ts"
import type { FileFault } from "./names.ts"
import { schemaVersion } from "./schema.ts"
import { stamped, stampsMax } from "./stamp.ts"

/**
 * The statements that write, by name. In a job, the loan is written first, before its journal row. The loan is
 * written only if its row is exactly the one on which the decision was made. The version alone does not show that,
 * because another process may have written a different change with the same version. If the row differs, nothing of
 * the job is written.
 */
const writeStatements = {
  openLoan: `
    INSERT INTO loans
      (application_reference, account, version, stage, external_reference, closed, snapshot, chain_head, next_poll_at,
       poll_attempts, poll_confirm, stalled, watermark)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (application_reference) DO NOTHING`,
  moveLoan: `
    UPDATE loans SET
      account = ?, version = ?, stage = ?, external_reference = ?, closed = ?, snapshot = ?, chain_head = ?, next_poll_at = ?, poll_attempts = ?,
      poll_confirm = ?, stalled = ?, watermark = ?
    WHERE application_reference = ? AND version = ? AND chain_head = ? AND watermark IS ?`,
  // Leaves the schedule as it is, because a poll may have been claimed meanwhile, and the due time is its lease.
  moveUnscheduledLoan: `
    UPDATE loans SET account = ?, version = ?, stage = ?, external_reference = ?, closed = ?, snapshot = ?, chain_head = ?, watermark = ?
    WHERE application_reference = ? AND version = ? AND chain_head = ? AND watermark IS ?`,
  // For an answer of the bank without news. There is no journal row and no new version.
  hearAgain: `
    UPDATE loans SET next_poll_at = ?, poll_attempts = ?, poll_confirm = ?, stalled = ?, watermark = ?
    WHERE application_reference = ? AND version = ? AND chain_head = ? AND watermark IS ?`,
  append: "INSERT INTO journal (application_reference, version, content, raw, hash) VALUES (?, ?, ?, ?, ?)",
  countRepeat: "UPDATE journal SET repeats = repeats + 1, last_repeated_at = ? WHERE position = ?",
  reschedule: `
    UPDATE loans SET next_poll_at = ?, poll_attempts = ?, poll_confirm = ?, stalled = ?
    WHERE application_reference = ? AND version = ?`,
  bringBack: `
    UPDATE loans SET next_poll_at = ?
    WHERE application_reference IN (
      SELECT application_reference FROM loans WHERE account = ? AND poll_confirm = ? AND next_poll_at > ? LIMIT ?)`,
  release: `
    UPDATE loans SET next_poll_at = ? WHERE application_reference = ? AND version = ? AND next_poll_at = ?`,
  saveRegistration: "INSERT OR REPLACE INTO callback_registrations VALUES (?, ?, ?, ?)",
  markSigning: "INSERT INTO signing_accounts VALUES (?, ?) ON CONFLICT DO NOTHING",
  saveIntent: "INSERT INTO callback_intents VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  replaceIntent: "INSERT OR REPLACE INTO callback_intents VALUES (?, ?, ?, ?)",
  dropIntent: "DELETE FROM callback_intents WHERE account = ? AND bank_url = ?",
  saveCheckpoint: "INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)",
  moveCursor: "UPDATE cursors SET position = ? WHERE name = ? AND position = ?",
  addCallbackDay: `
    INSERT INTO callback_days VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (account, day) DO UPDATE SET
      by_callback = by_callback + excluded.by_callback,
      by_poll = by_poll + excluded.by_poll,
      late = late + excluded.late,
      forged = forged + excluded.forged,
      unauthorized = unauthorized + excluded.unauthorized,
      last_callback_at = nullif(max(coalesce(last_callback_at, -1), coalesce(excluded.last_callback_at, -1)), -1)`,
  addWebhooks: "INSERT INTO webhook_endpoints (name, position) VALUES (?, ?) ON CONFLICT DO NOTHING",
  leaseWebhooks: "UPDATE webhook_endpoints SET lease_owner = ? WHERE name = ?",
  releaseWebhooks: "UPDATE webhook_endpoints SET lease_owner = NULL WHERE name = ? AND lease_owner = ?",
  settleWebhooks: `
    UPDATE webhook_endpoints SET
      position = ?, disabled_at = coalesce(?, disabled_at), disabled_why = coalesce(?, disabled_why)
    WHERE name = ? AND lease_owner = ? AND position = ?`,
  parkWebhooks: `
    INSERT INTO webhook_parked (endpoint, application_reference, position, attempts, due_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (endpoint, application_reference) DO UPDATE SET
      position = excluded.position, attempts = excluded.attempts, due_at = excluded.due_at`,
  unparkWebhooks: "DELETE FROM webhook_parked WHERE endpoint = ? AND application_reference = ?",
  rewindWebhooks: "UPDATE webhook_endpoints SET position = ? WHERE name = ? AND position >= ?",
  unparkBehind: "DELETE FROM webhook_parked WHERE endpoint = ? AND position > ?",
  enableWebhooks: "UPDATE webhook_endpoints SET disabled_at = NULL, disabled_why = NULL WHERE name = ?",
  makeWebhooksDue: "UPDATE webhook_parked SET due_at = ?, attempts = 0 WHERE endpoint = ?",
  // No reference or account is empty, so the probe touches no real rows.
  probeLoan: `
    INSERT INTO loans (application_reference, account, version, stage, snapshot, chain_head, poll_attempts, poll_confirm, stalled)
    VALUES ('', '', 0, '', '', '', 0, 0, 0)`,
  probeRow: "INSERT INTO journal (application_reference, version, content, hash) VALUES ('', 0, '{}', '')",
  forgetProbeRow: "DELETE FROM journal WHERE application_reference = ''",
  forgetProbeLoan: "DELETE FROM loans WHERE application_reference = ''",
  eraseRaw: `
    UPDATE journal SET raw = NULL
    WHERE application_reference = ? AND version <= ? AND raw IS NOT NULL AND content ->> 'source' <> 'operator'`,
} as const

/** Statements that write and return rows. */
const returningStatements = {
  claim: `
    UPDATE loans SET next_poll_at = ?
    WHERE application_reference IN (
      SELECT application_reference FROM loans
      WHERE account = ? AND poll_confirm = ? AND next_poll_at <= ? ORDER BY next_poll_at LIMIT ?)
    RETURNING snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled, watermark`,
} as const

const statements = { ...writeStatements, ...returningStatements }

/** `PRAGMA user_version` accepts no parameters, so the stamp is written into the statement's text. */
const stamp = "stamp"
type StatementName = keyof typeof statements | typeof stamp

export interface Write {
  readonly statement: StatementName
  readonly parameters: ReadonlyArray<SQLInputValue>
}

/** Statements of which either all are written or none. */
export type WriteJob = ReadonlyArray<Write>

/** The result of a job's last statement. */
export interface Written {
  readonly rows: ReadonlyArray<unknown>
  readonly changes: number
  /** The position of the appended journal row, if there is one. */
  readonly lastPosition: number
}

/**
 * The outcome of a job. `stale`: the job's first statement changed nothing, so nothing was written. `refused`: SQLite
 * refused it, so nothing was written. It is plain data, because it is sent to another thread.
 */
export type WriteOutcome =
  | ({ readonly state: "written" } & Written)
  | { readonly state: "stale" }
  | { readonly state: "refused"; readonly reason: string }

/** Commits a batch of jobs in one transaction. The result is the outcome of each job. */
export type Commit = (jobs: ReadonlyArray<WriteJob>) => ReadonlyArray<WriteOutcome>

export const nothingWritten: Written = { rows: [], changes: 0, lastPosition: 0 }
const stale: WriteOutcome = { state: "stale" }

/** Draws a random stamp. */
export const newStamp: Effect.Effect<Write> = Effect.map(Random.nextIntBetween(1, stampsMax), (drawn) => ({
  statement: stamp,
  parameters: [drawn],
}))

/** The checks of the file around each commit. They learn a new stamp before the file gets it. */
export interface FileWatch {
  readonly fault: FileFault
  readonly expect: (stamp: number) => void
}

/** Makes the function that commits batches. */
export function makeCommit(database: DatabaseSync, { fault, expect }: FileWatch): Commit {
  const prepared = new Map<keyof typeof statements, StatementSync>()
  const statement = (name: keyof typeof statements): StatementSync => {
    const known = prepared.get(name) ?? database.prepare(statements[name])
    prepared.set(name, known)
    return known
  }
  const run = ({ statement: name, parameters }: Write): Written => {
    if (name === stamp) {
      expect(Number(parameters[0]))
      database.exec(`PRAGMA user_version = ${stamped(Number(parameters[0]), schemaVersion)}`)
      return nothingWritten
    }
    if (name in returningStatements) {
      const rows = statement(name).all(...parameters)
      return { ...nothingWritten, rows, changes: rows.length }
    }
    const { changes, lastInsertRowid } = statement(name).run(...parameters)
    return { rows: [], changes: Number(changes), lastPosition: Number(lastInsertRowid) }
  }
  const write = (job: WriteJob): WriteOutcome => {
    let written = nothingWritten
    for (const [index, each] of job.entries()) {
      written = run(each)
      if (index === 0 && written.changes === 0 && job.length > 1) return stale
    }
    return { state: "written", ...written }
  }
  return (jobs) => {
    const together = inTransaction(database, fault, () => jobs.map(write))
    if (typeof together !== "string") return together
    // One bad job must not fail the others. So each job is tried again in its own transaction.
    return jobs.map((job) => {
      const alone = jobs.length === 1 ? together : inTransaction(database, fault, () => write(job))
      return typeof alone === "string" ? { state: "refused", reason: alone } : alone
    })
  }
}

/**
 * Runs work in one transaction. The result is the work's result, if it is durable in the file with that name.
 * Otherwise it is the reason, as a text. Anything that is thrown is a defect.
 */
function inTransaction<A extends object>(
  database: DatabaseSync,
  fault: FileFault,
  work: () => A,
): A | string {
  try {
    const lost = fault()
    if (lost !== undefined) return lost
    database.exec("BEGIN IMMEDIATE")
    const done = work()
    database.exec("COMMIT")
    return fault() ?? done
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK")
    if (isSqliteError(cause)) return sqliteFailure(cause)
    throw cause
  }
}
