/** The statements that migrate a schema from one version to the next. */
type Migration = (schema: string, partitions: number) => ReadonlyArray<string>

/** The body of `clock_ms`: the database's time, in milliseconds since 1970. */
const clockBody = " SELECT floor(extract(epoch FROM statement_timestamp()) * 1000)::bigint "

/**
 * The migrations, in order. After the migration at index n, the database has version n + 1. There is no way back to
 * an older version. A released migration is never edited.
 *
 * Tables of loans are partitioned by reference, and the reference is part of every key and index. So no statement
 * needs rows of several loans together. Text in keys is compared by its bytes, as in SQLite, for any collation of the
 * database.
 */
const migrations: ReadonlyArray<Migration> = [
  (schema, partitions) => [
    // The store's only clock. For example, all leases of polls use it.
    `CREATE FUNCTION ${schema}.clock_ms() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$${clockBody}$$`,
    `CREATE TABLE ${schema}.loans (
      application_reference text COLLATE "C" NOT NULL,
      account text COLLATE "C" NOT NULL,
      version integer NOT NULL,
      stage text NOT NULL,
      snapshot text NOT NULL,
      chain_head text NOT NULL,
      next_poll_at bigint,
      poll_attempts integer NOT NULL,
      poll_confirm boolean NOT NULL,
      stalled boolean NOT NULL,
      PRIMARY KEY (application_reference)
    ) PARTITION BY HASH (application_reference)`,
    ...partitionsOf(schema, "loans", partitions),
    `CREATE INDEX loans_due ON ${schema}.loans (account, poll_confirm, next_poll_at, application_reference)
      WHERE next_poll_at IS NOT NULL`,
    `CREATE INDEX loans_by_stage ON ${schema}.loans (account, stage, application_reference)`,
    `CREATE INDEX loans_stalled ON ${schema}.loans (account, application_reference) WHERE stalled`,
    `CREATE TABLE ${schema}.journal (
      application_reference text COLLATE "C" NOT NULL,
      version integer NOT NULL,
      position bigint NOT NULL,
      account text NOT NULL,
      source text NOT NULL,
      evidence text NOT NULL,
      digest text COLLATE "C" NOT NULL,
      content text NOT NULL,
      raw bytea,
      hash text NOT NULL,
      repeats integer NOT NULL DEFAULT 0,
      last_repeated_at bigint,
      PRIMARY KEY (application_reference, version)
    ) PARTITION BY HASH (application_reference)`,
    ...partitionsOf(schema, "journal", partitions),
    `CREATE INDEX journal_feed ON ${schema}.journal (position, application_reference)`,
    // The origin of positions: see feed-positions.ts.
    `CREATE TABLE ${schema}.feed_origin (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      base bigint NOT NULL)`,
    `INSERT INTO ${schema}.feed_origin (base) VALUES (0)`,
    `CREATE TABLE ${schema}.callback_registrations (
      account text COLLATE "C" NOT NULL,
      bank_url text NOT NULL,
      callback_url text NOT NULL,
      registered_at bigint NOT NULL,
      PRIMARY KEY (account, bank_url))`,
    `CREATE TABLE ${schema}.checkpoints (
      number bigint PRIMARY KEY,
      position bigint NOT NULL UNIQUE,
      sealed_at bigint NOT NULL,
      root text NOT NULL,
      previous_hash text NOT NULL,
      hash text NOT NULL,
      rows text NOT NULL)`,
    `CREATE TABLE ${schema}.cursors (name text PRIMARY KEY, position bigint NOT NULL)`,
    `INSERT INTO ${schema}.cursors VALUES ('callback-days', 0)`,
    `CREATE TABLE ${schema}.callback_days (
      account text COLLATE "C" NOT NULL,
      day integer NOT NULL,
      by_callback bigint NOT NULL,
      by_poll bigint NOT NULL,
      late bigint NOT NULL,
      forged bigint NOT NULL,
      unauthorized bigint NOT NULL,
      last_callback_at bigint,
      PRIMARY KEY (account, day))`,
  ],
  // The merchant's own name of each application. Loans can be searched by it.
  (schema) => [
    `ALTER TABLE ${schema}.loans ADD COLUMN external_reference text COLLATE "C"`,
    `CREATE INDEX loans_by_external_reference ON ${schema}.loans (account, external_reference, application_reference)
      WHERE external_reference IS NOT NULL`,
  ],
  // The position and lease of each webhook endpoint, and the loans that are parked there.
  (schema, partitions) => [
    `CREATE TABLE ${schema}.webhook_endpoints (
      name text COLLATE "C" PRIMARY KEY,
      position bigint NOT NULL,
      disabled_at bigint,
      disabled_why text,
      lease_owner text,
      leased_until bigint)`,
    `CREATE TABLE ${schema}.webhook_parked (
      application_reference text COLLATE "C" NOT NULL,
      endpoint text COLLATE "C" NOT NULL,
      position bigint NOT NULL,
      attempts integer NOT NULL,
      due_at bigint NOT NULL,
      PRIMARY KEY (application_reference, endpoint)
    ) PARTITION BY HASH (application_reference)`,
    ...partitionsOf(schema, "webhook_parked", partitions),
    `CREATE INDEX webhook_parked_due ON ${schema}.webhook_parked (endpoint, due_at, application_reference)`,
  ],
  // The callback URLs that the bank was asked to set, until the bank's answer is known.
  (schema) => [
    `CREATE TABLE ${schema}.callback_intents (
      account text COLLATE "C" NOT NULL,
      bank_url text COLLATE "C" NOT NULL,
      callback_url text NOT NULL,
      asked_at bigint NOT NULL,
      PRIMARY KEY (account, bank_url))`,
  ],
  // With this index, a page of an account's loans reads one range, however many other accounts there are. Also: the
  // accounts whose bank signs, and the watermarks.
  (schema) => [
    `CREATE INDEX loans_by_account ON ${schema}.loans (account, application_reference)`,
    `CREATE TABLE ${schema}.signing_accounts (
      account text COLLATE "C" PRIMARY KEY,
      since bigint NOT NULL)`,
    `ALTER TABLE ${schema}.loans ADD COLUMN watermark text`,
  ],
  // Closed loans are counted separately and have their own list.
  (schema) => [
    `ALTER TABLE ${schema}.loans ADD COLUMN closed boolean NOT NULL DEFAULT false`,
    `CREATE INDEX loans_closed ON ${schema}.loans (account, application_reference, stage) WHERE closed`,
  ],
]

const partitionsOf = (schema: string, table: string, partitions: number): ReadonlyArray<string> =>
  Array.from(
    { length: partitions },
    (_, index) =>
      `CREATE TABLE ${schema}.${table}_${index} PARTITION OF ${schema}.${table}
        FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${index})`,
  )

/** The version of the schema that this program uses. */
export const postgresSchemaVersion = migrations.length

type Right = "SELECT" | "INSERT" | "UPDATE" | "DELETE"

/** Every table of the engine, and the rights that the engine needs on it. */
export const postgresTables: { readonly [table: string]: ReadonlyArray<Right> } = {
  loans: ["SELECT", "INSERT", "UPDATE"],
  journal: ["SELECT", "INSERT", "UPDATE"],
  feed_origin: ["SELECT"],
  callback_registrations: ["SELECT", "INSERT", "UPDATE"],
  callback_intents: ["SELECT", "INSERT", "UPDATE", "DELETE"],
  checkpoints: ["SELECT", "INSERT"],
  cursors: ["SELECT", "UPDATE"],
  signing_accounts: ["SELECT", "INSERT"],
  callback_days: ["SELECT", "INSERT", "UPDATE"],
  webhook_endpoints: ["SELECT", "INSERT", "UPDATE"],
  webhook_parked: ["SELECT", "INSERT", "UPDATE", "DELETE"],
}

/** The statements that migrate a schema from this version to the program's version. */
export const migrationsFrom = (version: number, schema: string, partitions: number): ReadonlyArray<string> =>
  migrations.slice(version).flatMap((migration) => migration(schema, partitions))
