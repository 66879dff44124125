import { DatabaseSync } from "node:sqlite"
import type { StatementSync } from "node:sqlite"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { snapshotText } from "@loan-engine/domain/loan"
import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Deferred, Effect, Layer, Queue } from "effect"
import type { CallbackRegistration, Change, StoredLoan } from "../loan-store.ts"
import { LoanStore, StoreUnavailable, StoreUnusable } from "../loan-store.ts"
import type { PollSchedule } from "../poll-cadence.ts"
import { migrate } from "./sqlite-schema.ts"
import { stageCount, storedEntry, storedLoan } from "./sqlite-rows.ts"

export interface SqliteSettings {
  /** The file; it and its directory's `-wal` and `-shm` companions must be writable. */
  readonly path: string
  /** How many updates may wait for their commit; beyond, the store is unavailable for a moment. */
  readonly queuedUpdatesMax: number
  /** How many updates one transaction may hold. */
  readonly transactionUpdatesMax: number
  /** How long to wait for another process that holds the file's lock. */
  readonly busyTimeoutMs: number
}

export const sqliteDefaults: Omit<SqliteSettings, "path"> = {
  queuedUpdatesMax: 10_000,
  transactionUpdatesMax: 256,
  busyTimeoutMs: 5_000,
}

type Failure = Effect.Effect<never, StoreUnavailable>

/** A write that waits for its transaction; `settle` is called once that is durable, or has failed. */
interface Job {
  readonly write: () => void
  readonly settle: (failure: Failure | undefined) => void
}

/** The embedded store: one SQLite file in WAL mode with full synchronisation, written by one fiber in group commits. */
export const layerSqlite = (settings: SqliteSettings): Layer.Layer<LoanStore, StoreUnusable> =>
  Layer.effect(LoanStore, makeSqliteStore(settings))

const makeSqliteStore = Effect.fnUntraced(function* (settings: SqliteSettings) {
  const database = yield* Effect.acquireRelease(openDatabase(settings), (opened) =>
    Effect.sync(() => opened.close()),
  )
  const statements = prepare(database)
  const jobs = yield* Queue.bounded<Job>(settings.queuedUpdatesMax)
  yield* Effect.forkScoped(commitForever(database, jobs, settings.transactionUpdatesMax))

  const write = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
    Effect.suspend(() => {
      const done = Deferred.makeUnsafe<A, StoreUnavailable>()
      let result: A
      const accepted = Queue.offerUnsafe(jobs, {
        write: () => {
          result = run()
        },
        settle: (failure) => Deferred.doneUnsafe(done, failure ?? Effect.succeed(result)),
      })
      if (accepted) return Deferred.await(done)
      return new StoreUnavailable({ message: "The store has more writes waiting than it may queue." })
    })

  const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(run())
      } catch (cause) {
        return failureOf(cause)
      }
    })

  return LoanStore.of({
    load: (reference) => read(() => loadLoan(statements, reference)),
    update: (reference, decide) => write(() => applyChange(statements, reference, decide)),
    history: (reference) => read(() => statements.history.all(reference).map((row) => storedEntry(row))),
    claimDue: ({ now, limit, leaseMs }) =>
      write(() => statements.claim.all(now + leaseMs, now, limit).map((row) => storedLoan(row))),
    nextDue: read(() => {
      const due = statements.nextDue.get()?.["due"]
      return typeof due === "number" ? due : undefined
    }),
    reschedule: (stored, schedule) => write(() => rescheduleLoan(statements, stored, schedule)),
    stageCounts: (account) => read(() => statements.stageCounts.all(account).map((row) => stageCount(row))),
    loans: ({ account, after, limit }) =>
      read(() => statements.loans.all(account, after, limit).map((row) => storedLoan(row))),
    callbackRegistration: (account, bankUrl) => read(() => findRegistration(statements, account, bankUrl)),
    saveCallbackRegistration: (registration) =>
      write(() => {
        const { account, bankUrl, callbackUrl, registeredAt } = registration
        statements.saveRegistration.run(account, bankUrl, callbackUrl, registeredAt)
      }),
    ready: write(() => undefined),
  })
})

const openDatabase = (settings: SqliteSettings): Effect.Effect<DatabaseSync, StoreUnusable> =>
  Effect.try({
    try: () => {
      const database = new DatabaseSync(settings.path)
      try {
        database.exec(`
          PRAGMA busy_timeout = ${settings.busyTimeoutMs};
          PRAGMA journal_mode = WAL;
          PRAGMA synchronous = FULL;
          PRAGMA foreign_keys = ON;
        `)
        migrate(database, settings.path)
      } catch (cause) {
        database.close()
        throw cause
      }
      return database
    },
    catch: (cause) =>
      cause instanceof StoreUnusable
        ? cause
        : new StoreUnusable({
            message:
              `The SQLite file ${settings.path} cannot be opened: ${describe(cause)}. ` +
              "Check that its directory exists and is writable, and that no other program holds it.",
            cause,
          }),
  })

function prepare(database: DatabaseSync) {
  const loanColumns = "snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled"
  return {
    load: database.prepare(`SELECT ${loanColumns} FROM loans WHERE application_reference = ?`),
    saveLoan: database.prepare(`
      INSERT OR REPLACE INTO loans
        (application_reference, account, version, stage, ${loanColumns})
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    append: database.prepare(`
      INSERT INTO journal
        (application_reference, version, account, source, evidence, hold, disposition, received_at, recorded_at,
         events, steps, news, digest, raw, previous_hash, hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    countRepeat: database.prepare(`
      UPDATE journal SET repeats = repeats + 1, last_repeated_at = ?
      WHERE position = (
        SELECT max(position) FROM journal
        WHERE application_reference = ? AND source = ? AND digest = ? AND evidence = ? AND account = ?)`),
    history: database.prepare("SELECT * FROM journal WHERE application_reference = ? ORDER BY version"),
    claim: database.prepare(`
      UPDATE loans SET next_poll_at = ?
      WHERE application_reference IN (
        SELECT application_reference FROM loans WHERE next_poll_at <= ? ORDER BY next_poll_at LIMIT ?)
      RETURNING ${loanColumns}`),
    nextDue: database.prepare("SELECT min(next_poll_at) AS due FROM loans WHERE next_poll_at IS NOT NULL"),
    reschedule: database.prepare(`
      UPDATE loans SET next_poll_at = ?, poll_attempts = ?, poll_confirm = ?, stalled = ?
      WHERE application_reference = ? AND version = ?`),
    stageCounts: database.prepare(
      "SELECT stage, count(*) AS loans FROM loans WHERE account = ? GROUP BY stage",
    ),
    loans: database.prepare(`
      SELECT ${loanColumns} FROM loans WHERE account = ? AND application_reference > ?
      ORDER BY application_reference LIMIT ?`),
    findRegistration: database.prepare(
      "SELECT callback_url, registered_at FROM callback_registrations WHERE account = ? AND bank_url = ?",
    ),
    saveRegistration: database.prepare("INSERT OR REPLACE INTO callback_registrations VALUES (?, ?, ?, ?)"),
  } satisfies Record<string, StatementSync>
}
type Statements = ReturnType<typeof prepare>

function loadLoan(statements: Statements, reference: ApplicationReference): StoredLoan | undefined {
  const row = statements.load.get(reference)
  return row === undefined ? undefined : storedLoan(row)
}

/** Decides on the loan as this transaction sees it, and writes what was decided. */
function applyChange(
  statements: Statements,
  reference: ApplicationReference,
  decide: (stored: StoredLoan | undefined) => Change,
): Change {
  const stored = loadLoan(statements, reference)
  const change = decide(stored)
  if (change.addsNothing && stored !== undefined && countRepeat(statements, change)) {
    saveLoan(statements, { ...stored, schedule: change.schedule })
    return { ...change, loan: stored.loan }
  }
  appendEntry(statements, change)
  saveLoan(statements, { loan: change.loan, chainHead: change.entry.hash, schedule: change.schedule })
  return change
}

function countRepeat(statements: Statements, { entry }: Change): boolean {
  const { applicationReference, source, digest, evidence, account, receivedAt } = entry
  const counted = statements.countRepeat.run(
    receivedAt,
    applicationReference,
    source,
    digest,
    evidence,
    account,
  )
  return counted.changes === 1
}

function appendEntry(statements: Statements, { entry }: Change): void {
  statements.append.run(
    entry.applicationReference,
    entry.version,
    entry.account,
    entry.source,
    entry.evidence,
    entry.hold,
    entry.disposition,
    entry.receivedAt,
    entry.recordedAt,
    canonicalJson(entry.events),
    canonicalJson(entry.steps),
    canonicalJson(entry.news),
    entry.digest,
    entry.raw,
    entry.previousHash,
    entry.hash,
  )
}

function saveLoan(statements: Statements, { loan, chainHead, schedule }: StoredLoan): void {
  statements.saveLoan.run(
    loan.applicationReference,
    loan.account,
    loan.version,
    loan.stage,
    snapshotText(loan),
    chainHead,
    schedule.nextPollAt,
    schedule.attempts,
    Number(schedule.confirm),
    Number(schedule.stalled),
  )
}

function rescheduleLoan(statements: Statements, stored: StoredLoan, schedule: PollSchedule): void {
  statements.reschedule.run(
    schedule.nextPollAt,
    schedule.attempts,
    Number(schedule.confirm),
    Number(schedule.stalled),
    stored.loan.applicationReference,
    stored.loan.version,
  )
}

function findRegistration(
  statements: Statements,
  account: AccountName,
  bankUrl: string,
): CallbackRegistration | undefined {
  const row = statements.findRegistration.get(account, bankUrl)
  if (row === undefined) return undefined
  const callbackUrl = String(row["callback_url"])
  return { account, bankUrl, callbackUrl, registeredAt: Number(row["registered_at"]) }
}

/** Group commit: whatever waits shares one transaction, and each is told after the commit that made it durable. */
const commitForever = (database: DatabaseSync, jobs: Queue.Queue<Job>, jobsMax: number) =>
  Queue.takeBetween(jobs, 1, jobsMax).pipe(
    Effect.flatMap((batch) => Effect.sync(() => commitBatch(database, batch))),
    Effect.forever,
    Effect.ensuring(
      Effect.flatMap(Queue.clear(jobs), (waiting) =>
        Effect.sync(() => settleAll(waiting, Effect.fail(shuttingDown))),
      ),
    ),
  )

function commitBatch(database: DatabaseSync, batch: ReadonlyArray<Job>): void {
  const failure = inTransaction(database, batch)
  if (failure === undefined) return settleAll(batch, undefined)
  if (batch.length === 1) return settleAll(batch, failure)
  // One bad record must not fail its neighbours: each is tried again in a transaction of its own.
  for (const job of batch) settleAll([job], inTransaction(database, [job]))
}

function settleAll(batch: ReadonlyArray<Job>, failure: Failure | undefined): void {
  for (const job of batch) job.settle(failure)
}

function inTransaction(database: DatabaseSync, batch: ReadonlyArray<Job>): Failure | undefined {
  try {
    database.exec("BEGIN IMMEDIATE")
    for (const job of batch) job.write()
    database.exec("COMMIT")
    return undefined
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK")
    return failureOf(cause)
  }
}

/** What SQLite refuses is a failure of the world; anything else is a defect of ours, and crashes loudly. */
const failureOf = (cause: unknown): Failure =>
  isSqliteError(cause) ? Effect.fail(unavailable(cause)) : Effect.die(cause)

const shuttingDown = new StoreUnavailable({ message: "The store is shutting down." })

const isSqliteError = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === "ERR_SQLITE_ERROR"

const unavailable = (cause: unknown): StoreUnavailable =>
  new StoreUnavailable({ message: `The SQLite store cannot take this now: ${describe(cause)}`, cause })

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : "unknown failure")
