import type { DatabaseSync } from "node:sqlite"
import { StoreUnusable } from "../loan-store.ts"

/**
 * Numbered, forward-only migrations: the index in this list, plus one, is the version a database has after it. A migration
 * that has shipped is never edited.
 */
const migrations: ReadonlyArray<string> = [
  `
  CREATE TABLE loans (
    application_reference TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    chain_head TEXT NOT NULL,
    next_poll_at INTEGER,
    poll_attempts INTEGER NOT NULL,
    poll_confirm INTEGER NOT NULL,
    stalled INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX loans_due ON loans (next_poll_at) WHERE next_poll_at IS NOT NULL;
  CREATE INDEX loans_by_stage ON loans (account, stage);

  CREATE TABLE journal (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    application_reference TEXT NOT NULL,
    version INTEGER NOT NULL,
    account TEXT NOT NULL,
    source TEXT NOT NULL,
    evidence TEXT NOT NULL,
    hold TEXT,
    disposition TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    steps TEXT NOT NULL,
    news TEXT NOT NULL,
    digest TEXT NOT NULL,
    raw BLOB,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0,
    last_repeated_at INTEGER,
    UNIQUE (application_reference, version)
  ) STRICT;

  CREATE TABLE callback_registrations (
    account TEXT NOT NULL,
    bank_url TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    PRIMARY KEY (account, bank_url)
  ) STRICT, WITHOUT ROWID;
  `,
  // Polls are claimed from an account's line of confirmations or of routine polls, in the order of their due times.
  `
  DROP INDEX loans_due;
  CREATE INDEX loans_due ON loans (account, poll_confirm, next_poll_at) WHERE next_poll_at IS NOT NULL;
  `,
]

/** Brings a database up to this program's version, one transaction a migration. */
export function migrate(database: DatabaseSync, path: string): void {
  const row = database.prepare("PRAGMA user_version").get()
  const version = Number(row?.["user_version"] ?? 0)
  if (version > migrations.length) {
    throw new StoreUnusable({
      message:
        `The database ${path} was written by a newer loan engine (its schema is version ${version}, ` +
        `this program knows ${migrations.length}). Run the newer program, or point LOAN_ENGINE_DATABASE_URL elsewhere.`,
    })
  }
  migrations.slice(version).forEach((statements, offset) => {
    database.exec(`BEGIN IMMEDIATE; ${statements}; PRAGMA user_version = ${version + offset + 1}; COMMIT`)
  })
}
