import { DatabaseSync } from "node:sqlite"
import type { SQLInputValue, StatementSync } from "node:sqlite"

/** How a file is opened, by the thread that reads it and by the one that writes it. */
export interface ConnectionSettings {
  /** The file; it and its directory's `-wal` and `-shm` companions must be writable. */
  readonly path: string
  /** How long to wait for another process that holds the file's lock. */
  readonly busyTimeoutMs: number
}

/** A connection in WAL mode whose commits are on the disk before they return. */
export function openConnection({ path, busyTimeoutMs }: ConnectionSettings): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec(`
      PRAGMA busy_timeout = ${busyTimeoutMs};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
    `)
  } catch (cause) {
    database.close()
    throw cause
  }
  return database
}

/** Everything that is ever written, each statement by its name. */
const writeStatements = {
  append: `
    INSERT INTO journal
      (application_reference, version, account, source, evidence, hold, disposition, received_at, recorded_at,
       events, steps, news, digest, raw, previous_hash, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  saveLoan: `
    INSERT OR REPLACE INTO loans
      (application_reference, account, version, stage, snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm,
       stalled)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  countRepeat: "UPDATE journal SET repeats = repeats + 1, last_repeated_at = ? WHERE position = ?",
  claim: `
    UPDATE loans SET next_poll_at = ?
    WHERE application_reference IN (
      SELECT application_reference FROM loans
      WHERE account = ? AND poll_confirm = ? AND next_poll_at <= ? ORDER BY next_poll_at LIMIT ?)
    RETURNING snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled`,
  reschedule: `
    UPDATE loans SET next_poll_at = ?, poll_attempts = ?, poll_confirm = ?, stalled = ?
    WHERE application_reference = ? AND version = ?`,
  saveRegistration: "INSERT OR REPLACE INTO callback_registrations VALUES (?, ?, ?, ?)",
} as const
type StatementName = keyof typeof writeStatements

export interface Write {
  readonly statement: StatementName
  readonly parameters: ReadonlyArray<SQLInputValue>
}

/** What is written together or not at all; the last statement's rows are what it gives. */
export type WriteJob = ReadonlyArray<Write>

/** `refused`: SQLite did not take the job, and nothing of it was written. Plain data, because it crosses threads. */
export type WriteOutcome =
  | { readonly written: true; readonly rows: ReadonlyArray<unknown> }
  | { readonly written: false; readonly refused: string }

/** Commits a batch of jobs in one transaction and says what became of each. */
export type Commit = (jobs: ReadonlyArray<WriteJob>) => ReadonlyArray<WriteOutcome>

export function makeCommit(database: DatabaseSync): Commit {
  const prepared = new Map<StatementName, StatementSync>()
  const statement = (name: StatementName): StatementSync => {
    const known = prepared.get(name) ?? database.prepare(writeStatements[name])
    prepared.set(name, known)
    return known
  }
  const write = (job: WriteJob): WriteOutcome => {
    let rows: ReadonlyArray<unknown> = []
    for (const { statement: name, parameters } of job) rows = statement(name).all(...parameters)
    return { written: true, rows }
  }
  return (jobs) => {
    const together = inTransaction(database, () => jobs.map(write))
    if (typeof together !== "string") return together
    // One bad job must not fail its neighbours: each is tried again in a transaction of its own.
    return jobs.map((job) => {
      const alone = jobs.length === 1 ? together : inTransaction(database, () => write(job))
      return typeof alone === "string" ? { written: false, refused: alone } : alone
    })
  }
}

/** What the work gives, committed; or SQLite's reason why not. Anything else that is thrown is a defect of ours. */
function inTransaction<A extends object>(database: DatabaseSync, work: () => A): A | string {
  try {
    database.exec("BEGIN IMMEDIATE")
    const done = work()
    database.exec("COMMIT")
    return done
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK")
    if (isSqliteError(cause)) return cause.message
    throw cause
  }
}

export const isSqliteError = (cause: unknown): cause is Error =>
  cause instanceof Error && "code" in cause && cause.code === "ERR_SQLITE_ERROR"
