import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { StoreUnusable } from "../../ports/loan-store.ts"
import { schemaVersionIn } from "./stamp.ts"

/**
 * The migrations, in order. After the migration at index n, the database has version n + 1. There is no way back to
 * an older version. A released migration is never edited.
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
  // Each journal row contains the text that was hashed, so that anybody can check it. The feed can be sealed.
  // Callbacks are counted from the feed, up to the cursor's position.
  `
  ALTER TABLE journal RENAME TO journal_before;
  CREATE TABLE journal (
    position INTEGER PRIMARY KEY,
    application_reference TEXT NOT NULL,
    version INTEGER NOT NULL,
    content TEXT NOT NULL,
    raw BLOB,
    hash TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0,
    last_repeated_at INTEGER,
    UNIQUE (application_reference, version)
  ) STRICT;
  INSERT INTO journal
    SELECT position, application_reference, version,
      entry_content(application_reference, version, account, source, evidence, hold, disposition, received_at,
        recorded_at, events, steps, news, digest, previous_hash),
      raw, hash, repeats, last_repeated_at
    FROM journal_before ORDER BY position;
  DROP TABLE journal_before;

  ALTER TABLE loans RENAME TO loans_before;
  DROP INDEX loans_due;
  DROP INDEX loans_by_stage;
  CREATE TABLE loans (
    application_reference TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    chain_head TEXT NOT NULL,
    next_poll_at INTEGER,
    poll_attempts INTEGER NOT NULL,
    poll_confirm INTEGER NOT NULL,
    stalled INTEGER NOT NULL
  ) STRICT;
  INSERT INTO loans SELECT * FROM loans_before;
  DROP TABLE loans_before;
  CREATE INDEX loans_due ON loans (account, poll_confirm, next_poll_at) WHERE next_poll_at IS NOT NULL;
  CREATE INDEX loans_by_stage ON loans (account, stage);
  CREATE INDEX loans_stalled ON loans (account, application_reference) WHERE stalled = 1;

  CREATE TABLE checkpoints (
    number INTEGER PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    sealed_at INTEGER NOT NULL,
    root TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    rows TEXT NOT NULL
  ) STRICT;

  CREATE TABLE cursors (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO cursors VALUES ('callback-days', 0);
  CREATE TABLE callback_days (
    account TEXT NOT NULL,
    day INTEGER NOT NULL,
    by_callback INTEGER NOT NULL,
    by_poll INTEGER NOT NULL,
    late INTEGER NOT NULL,
    forged INTEGER NOT NULL,
    unauthorized INTEGER NOT NULL,
    last_callback_at INTEGER,
    PRIMARY KEY (account, day)
  ) STRICT, WITHOUT ROWID;
  `,
  // The merchant's own name of each application. Loans can be searched by it.
  `
  ALTER TABLE loans ADD COLUMN external_reference TEXT;
  CREATE INDEX loans_by_external_reference ON loans (account, external_reference, application_reference)
    WHERE external_reference IS NOT NULL;
  `,
  // The position of each webhook endpoint, the engine that delivers, and the loans that are parked there.
  `
  CREATE TABLE webhook_endpoints (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    disabled_at INTEGER,
    disabled_why TEXT,
    lease_owner TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE webhook_parked (
    endpoint TEXT NOT NULL,
    application_reference TEXT NOT NULL,
    position INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (endpoint, application_reference)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX webhook_parked_due ON webhook_parked (endpoint, due_at);
  `,
  // The callback URLs that the bank was asked to set, until the bank's answer is known.
  `
  CREATE TABLE callback_intents (
    account TEXT NOT NULL,
    bank_url TEXT NOT NULL,
    callback_url TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (account, bank_url)
  ) STRICT, WITHOUT ROWID;
  `,
  // The accounts whose bank signs its callbacks, and since when. Also: indexes for pages of loans, and the
  // watermarks.
  `
  CREATE INDEX loans_by_account ON loans (account, application_reference);
  DROP INDEX loans_by_stage;
  CREATE INDEX loans_by_stage ON loans (account, stage, application_reference);
  CREATE TABLE signing_accounts (account TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  ALTER TABLE loans ADD COLUMN watermark TEXT;
  `,
  // Closed loans are counted separately and have their own list.
  `
  ALTER TABLE loans ADD COLUMN closed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX loans_closed ON loans (account, application_reference, stage) WHERE closed = 1;
  `,
]

/** "LOAN". Tools read this number to see which program a database file belongs to. */
const applicationId = 0x4c4f414e

/** The version of the schema that this program uses. */
export const schemaVersion = migrations.length

/**
 * Migrates a database to this program's version. Each migration is one transaction, so an interrupted migration
 * leaves the version before it. The result is the version that was found. A database of a newer version or of another
 * program is refused.
 */
export function migrate(database: DatabaseSync, path: string, upTo: number = schemaVersion): number {
  const found = requireOurs(database, path)
  database.function("entry_content", { deterministic: true, varargs: true }, entryContent)
  while (versionOf(database) < upTo) migrateOnce(database)
  if (database.prepare("PRAGMA application_id").get()?.["application_id"] !== applicationId)
    database.exec(`PRAGMA application_id = ${applicationId}`)
  return found
}

/**
 * Runs one migration. The version is read again under the lock, because another process may be migrating the same
 * file.
 */
function migrateOnce(database: DatabaseSync): void {
  database.exec("BEGIN IMMEDIATE")
  try {
    const version = versionOf(database)
    const statements = migrations[version]
    if (statements !== undefined) database.exec(`${statements}; PRAGMA user_version = ${version + 1}`)
    database.exec("COMMIT")
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK")
    throw cause
  }
}

/** Refuses a database of a newer version or of another program. Otherwise the result is its version. */
export function requireOurs(database: DatabaseSync, path: string): number {
  const version = versionOf(database)
  refuseNewer(version, path)
  if (version === 0) refuseForeign(database, path)
  return version
}

/** For a program that must not migrate. It fails unless the database has this program's version. */
export function requireCurrent(database: DatabaseSync, path: string): void {
  const version = requireOurs(database, path)
  if (version === schemaVersion) return
  throw new StoreUnusable({
    message:
      version === 0
        ? `The file ${path} has no loans yet. Start the engine on it first.`
        : `The database ${path} was written by an older loan engine (its schema is version ${version}, this program ` +
          `knows ${schemaVersion}). Start the engine once, or run \`loan-engine migrate\`, to bring it up to date.`,
  })
}

/** Refuses a database that has tables but no version. It belongs to another program and must not get our tables. */
function refuseForeign(database: DatabaseSync, path: string): void {
  if (database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined) return
  throw new StoreUnusable({
    message:
      `The file ${path} is a database of another program. Point LOAN_ENGINE_DATABASE_URL at a file of the loan ` +
      "engine's own, or at one that does not exist yet.",
  })
}

function versionOf(database: DatabaseSync): number {
  return schemaVersionIn(Number(database.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0))
}

function refuseNewer(version: number, path: string): void {
  if (version <= schemaVersion) return
  throw new StoreUnusable({
    message:
      `The database ${path} was written by a newer loan engine (its schema is version ${version}, ` +
      `this program knows ${schemaVersion}). Run the newer program, or point LOAN_ENGINE_DATABASE_URL elsewhere.`,
  })
}

/** The columns of a journal entry in version 1, in this order. */
const entryColumns = [
  "applicationReference",
  "version",
  "account",
  "source",
  "evidence",
  "hold",
  "disposition",
  "receivedAt",
  "recordedAt",
  "events",
  "steps",
  "news",
  "digest",
  "previousHash",
] as const

const jsonColumns: ReadonlySet<string> = new Set(["events", "steps", "news"])

/** The text of a version 1 entry, from which its hash was computed. It is made from the entry's columns. */
function entryContent(...values: ReadonlyArray<SQLOutputValue>): string {
  const content: Record<string, Parameters<typeof canonicalJson>[0]> = {}
  entryColumns.forEach((name, index) => {
    const value = values[index] ?? null
    if (value instanceof Uint8Array || typeof value === "bigint")
      throw new TypeError(`${name} has a wrong type`)
    content[name] = jsonColumns.has(name) ? JSON.parse(String(value)) : value
  })
  return canonicalJson(content)
}
