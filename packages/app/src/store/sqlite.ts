import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { AccountName } from "@loan-engine/domain/observation"
import { Context, Effect, Layer, PubSub } from "effect"
import type { Scope } from "effect"
import { JournalStore } from "../journal/journal-store.ts"
import type {
  CallbackIntent,
  CallbackRegistration,
  ClaimDue,
  ClaimedLoan,
  LineDue,
  StoreUnusable,
} from "../loan-store.ts"
import { LoanStore, StoreUnavailable } from "../loan-store.ts"
import { WebhookStore } from "../webhooks/webhook-store.ts"
import { makeGroupCommit } from "./group-commit.ts"
import type { GroupCommitLimits } from "./group-commit.ts"
import { isSqliteError } from "./sqlite-connection.ts"
import { loanPages } from "./sqlite-loan-pages.ts"
import { isDamage, sqliteFailure } from "./sqlite-failure.ts"
import { sqliteJournal } from "./sqlite-journal.ts"
import { openDatabase, opening } from "./sqlite-open.ts"
import type { OpenSettings } from "./sqlite-open.ts"
import { accountOf, loanColumns, stageCount, storedEntry, storedLoan } from "./sqlite-rows.ts"
import { changeOf, commitInOrder, loadLoan, reschedule, writtenOf } from "./sqlite-updates.ts"
import { sqliteWebhooks } from "./sqlite-webhooks.ts"
import { inlineCommit, threadCommit } from "./sqlite-writer.ts"
import type { CommitJobs } from "./sqlite-writer.ts"
import type { Write, WriteJob } from "./sqlite-writes.ts"

export interface SqliteSettings extends OpenSettings, GroupCommitLimits {
  /** Whether commits have a thread of their own; without one, everything waits for the disk. */
  readonly writerThread: boolean
}

export const sqliteLimitsDefault = {
  queuedUpdatesMax: 4_096,
  transactionUpdatesMax: 256,
  staleRetryMsMax: 250,
  busyTimeoutMs: 5_000,
  walPagesMax: 1_000,
}

export const sqliteDefaults: Omit<SqliteSettings, "path"> = {
  ...sqliteLimitsDefault,
  writerThread: false,
  readOnly: false,
  oneMoment: false,
  migrates: true,
}

/** The embedded store: one SQLite file in WAL mode with full synchronisation, read here and written in group commits. */
export const layerSqlite = (
  settings: SqliteSettings,
): Layer.Layer<LoanStore | JournalStore | WebhookStore, StoreUnusable> =>
  Layer.effectContext(makeSqliteStore(settings))

const makeSqliteStore = Effect.fnUntraced(function* (settings: SqliteSettings) {
  const database = yield* Effect.acquireRelease(openDatabase(settings), (opened) =>
    Effect.sync(() => opened.close()),
  )
  const reads = yield* opening(settings.path, () => prepareReads(database))
  const pageOfLoans = yield* opening(settings.path, () => loanPages(database))
  const submit = yield* makeGroupCommit(settings, commitInOrder(reads, yield* commitOf(settings, database)))
  const write = (job: WriteJob) => Effect.map(submit({ job }), writtenOf)

  const loanStore = LoanStore.of({
    load: (reference) => read(() => loadLoan(reads.load, reference)),
    update: (reference, decide) => Effect.map(submit({ reference, decide }), changeOf),
    history: (reference) => read(() => reads.history.all(reference).map((row) => storedEntry(row))),
    claimDue: (options) =>
      Effect.map(write([claim(options)]), ({ rows }) =>
        rows.map((row) => ({ ...storedLoan(row), dueAt: options.now })),
      ),
    release: (claimed) => Effect.asVoid(write([release(claimed)])),
    nextDue: (accounts) => read(() => accounts.flatMap((account) => linesDue(reads, account))),
    bringBack: ({ account, confirm, now, aheadMs, limit }) =>
      Effect.map(
        write([
          { statement: "bringBack", parameters: [now, account, Number(confirm), now + aheadMs, limit] },
        ]),
        ({ changes }) => changes,
      ),
    reschedule: (stored, schedule) => Effect.asVoid(write([reschedule(stored, schedule)])),
    stageCounts: (account) => read(() => reads.stageCounts.all(account).map((row) => stageCount(row))),
    stalledCount: (account) => read(() => Number(reads.stalledCount.get(account)?.["loans"] ?? 0)),
    accounts: read(() => reads.accounts.all().map((row) => accountOf(row))),
    loans: ({ account, only, prefix = "", after, limit }) =>
      read(() => pageOfLoans({ account, only, prefix, after, limit }).map((row) => storedLoan(row))),
    callbackRegistration: (account, bankUrl) => read(() => findRegistration(reads, account, bankUrl)),
    saveCallbackRegistration: ({ account, bankUrl, callbackUrl, registeredAt }) =>
      Effect.asVoid(
        write([
          { statement: "saveRegistration", parameters: [account, bankUrl, callbackUrl, registeredAt] },
          { statement: "dropIntent", parameters: [account, bankUrl] },
        ]),
      ),
    callbackIntent: (account, bankUrl) => read(() => findIntent(reads, account, bankUrl)),
    saveCallbackIntent: ({ account, bankUrl, callbackUrl, askedAt }, { replaces }) =>
      Effect.map(
        write([
          {
            statement: replaces ? "replaceIntent" : "saveIntent",
            parameters: [account, bankUrl, callbackUrl, askedAt],
          },
        ]),
        ({ changes }) => changes > 0,
      ),
    dropCallbackIntent: (account, bankUrl) =>
      Effect.asVoid(write([{ statement: "dropIntent", parameters: [account, bankUrl] }])),
    ready: Effect.asVoid(write(probe)),
  })
  // No other process can tell: it writes the file, and is found when that is looked at.
  const news = yield* PubSub.sliding<void>(1)
  const journalStore = yield* opening(settings.path, () =>
    sqliteJournal(database, { path: settings.path, read, write, news }),
  )
  const webhookStore = yield* opening(settings.path, () => sqliteWebhooks(database, { read, write }))
  return Context.make(LoanStore, loanStore).pipe(
    Context.add(JournalStore, journalStore),
    Context.add(WebhookStore, webhookStore),
  )
})

/** What SQLite refuses is a failure of the world; anything else is a defect of ours, and crashes loudly. */
export const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (cause) {
      if (!isSqliteError(cause)) return Effect.die(cause)
      const message = `The SQLite store cannot be read now: ${sqliteFailure(cause)}`
      return Effect.fail(
        new StoreUnavailable({ message, cause, ...(isDamage(cause) ? { damaged: true } : {}) }),
      )
    }
  })

function commitOf(
  settings: SqliteSettings,
  database: DatabaseSync,
): Effect.Effect<CommitJobs, StoreUnusable, Scope.Scope> {
  if (settings.readOnly) {
    const reason = "the file is open for reading only"
    return Effect.succeed((jobs) => Effect.succeed(jobs.map(() => ({ state: "refused", reason }))))
  }
  return settings.writerThread
    ? threadCommit(settings)
    : Effect.succeed(inlineCommit(database, settings.path))
}

function prepareReads(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN"),
    end: database.prepare("COMMIT"),
    load: database.prepare(`SELECT ${loanColumns} FROM loans WHERE application_reference = ?`),
    earlier: database.prepare(`
      SELECT max(position) AS position FROM journal
      WHERE application_reference = ? AND content ->> 'source' = ? AND content ->> 'digest' = ?
        AND content ->> 'evidence' = ? AND content ->> 'account' = ?`),
    history: database.prepare("SELECT * FROM journal WHERE application_reference = ? ORDER BY version"),
    nextDue: database.prepare(`
      SELECT min(next_poll_at) AS due FROM loans
      WHERE account = ? AND poll_confirm = ? AND next_poll_at IS NOT NULL`),
    stageCounts: database.prepare(
      "SELECT stage, count(*) AS loans FROM loans WHERE account = ? GROUP BY stage",
    ),
    stalledCount: database.prepare("SELECT count(*) AS loans FROM loans WHERE account = ? AND stalled = 1"),
    // The next account behind each, so that the index is looked at once an account and not once a loan.
    accounts: database.prepare(`
      WITH RECURSIVE found (account) AS (
        SELECT min(account) FROM loans
        UNION ALL
        SELECT (SELECT min(account) FROM loans WHERE account > found.account) FROM found
        WHERE found.account IS NOT NULL)
      SELECT account FROM found WHERE account IS NOT NULL`),
    findRegistration: database.prepare(
      "SELECT callback_url, registered_at FROM callback_registrations WHERE account = ? AND bank_url = ?",
    ),
    findIntent: database.prepare(
      "SELECT callback_url, asked_at FROM callback_intents WHERE account = ? AND bank_url = ?",
    ),
  } satisfies Record<string, StatementSync>
}
type Reads = ReturnType<typeof prepareReads>

/** What a callback's commit does: a loan and its row are written, and taken back before anybody sees them. */
const probe: WriteJob = [
  { statement: "probeLoan", parameters: [] },
  { statement: "probeRow", parameters: [] },
  { statement: "forgetProbeRow", parameters: [] },
  { statement: "forgetProbeLoan", parameters: [] },
]

const claim = ({ account, confirm, now, limit, leaseMs }: ClaimDue): Write => ({
  statement: "claim",
  parameters: [now + leaseMs, account, Number(confirm), now, limit],
})

const release = ({ loan, schedule, dueAt }: ClaimedLoan): Write => ({
  statement: "release",
  parameters: [dueAt, loan.applicationReference, loan.version, schedule.nextPollAt],
})

function linesDue(reads: Reads, account: AccountName): ReadonlyArray<LineDue> {
  return [true, false].flatMap((confirm) => {
    const dueAt = reads.nextDue.get(account, Number(confirm))?.["due"]
    return typeof dueAt === "number" ? [{ account, confirm, dueAt }] : []
  })
}

function findRegistration(
  reads: Reads,
  account: AccountName,
  bankUrl: string,
): CallbackRegistration | undefined {
  const row = reads.findRegistration.get(account, bankUrl)
  if (row === undefined) return undefined
  const callbackUrl = String(row["callback_url"])
  return { account, bankUrl, callbackUrl, registeredAt: Number(row["registered_at"]) }
}

function findIntent(reads: Reads, account: AccountName, bankUrl: string): CallbackIntent | undefined {
  const row = reads.findIntent.get(account, bankUrl)
  if (row === undefined) return undefined
  return { account, bankUrl, callbackUrl: String(row["callback_url"]), askedAt: Number(row["asked_at"]) }
}
