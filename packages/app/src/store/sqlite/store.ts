import type { DatabaseSync, StatementSync } from "node:sqlite"
import type { AccountName } from "@loan-engine/domain/observation"
import { Context, Effect, Layer, PubSub } from "effect"
import type { Scope } from "effect"
import { mapInSteps } from "../../base/in-steps.ts"
import { JournalStore } from "../../ports/journal-store.ts"
import type {
  CallbackIntent,
  RegisteredCallback,
  ClaimDue,
  ClaimedLoan,
  LineDue,
  LoansPage,
  StoreUnusable,
} from "../../ports/loan-store.ts"
import { LoanStore, wholeHistory } from "../../ports/loan-store.ts"
import { readLimits } from "../../ports/read-turns.ts"
import { WebhookStore } from "../../ports/webhook-store.ts"
import { groupCommitLimits, makeGroupCommit } from "../group-commit.ts"
import { sqliteJournal } from "./journal.ts"
import { openDatabase, opening } from "./open.ts"
import type { OpenSettings } from "./open.ts"
import { accountOf, loanColumns, stageCount, storedEntry, storedLoan } from "../rows.ts"
import { inlineReader, reading as read, threadReader } from "./reader.ts"
import type { ReadRows } from "./reader.ts"
import { defaultsOf, limit } from "../../base/limits.ts"
import type { LimitsOf } from "../../base/limits.ts"
import type { Read } from "./reads.ts"
import { changeOf, commitInOrder, loadLoan, reschedule, writtenOf } from "./updates.ts"
import { referenceRange } from "../reference-range.ts"
import { sqliteWebhooks } from "./webhooks.ts"
import { inlineCommit, threadCommit } from "./writer.ts"
import type { CommitJobs } from "./writer.ts"
import type { Write, WriteJob } from "./writes.ts"

export const sqliteLimits = {
  ...groupCommitLimits,
  busyTimeoutMs: limit(5_000, "SQLite: how long the engine waits for the lock of another process"),
  readMsMax: readLimits.readMsMax,
  walPagesMax: limit(
    1_000,
    "SQLite: how large the write-ahead log may grow, in pages of 4,096 bytes, before SQLite copies it into the file",
  ),
}

export type SqliteLimits = LimitsOf<typeof sqliteLimits>

export interface SqliteSettings extends OpenSettings, SqliteLimits {
  /**
   * Whether commits and reads of many loans run on their own threads. Without threads, everything waits for the disk.
   */
  readonly writerThread: boolean
}

export const sqliteDefaults: Omit<SqliteSettings, "path"> = {
  ...defaultsOf(sqliteLimits),
  writerThread: false,
  readOnly: false,
  oneMoment: false,
  migrates: true,
}

/**
 * The SQLite store: one file in WAL mode with full synchronisation. This module reads it, and writes it in group
 * commits.
 */
export const layerSqlite = (
  settings: SqliteSettings,
): Layer.Layer<LoanStore | JournalStore | WebhookStore, StoreUnusable> =>
  Layer.effectContext(makeSqliteStore(settings))

const makeSqliteStore = Effect.fnUntraced(function* (settings: SqliteSettings) {
  const database = yield* Effect.acquireRelease(openDatabase(settings), (opened) =>
    Effect.sync(() => opened.close()),
  )
  const reads = yield* opening(settings.path, () => prepareReads(database))
  const readMany = yield* readerOf(settings, database)
  const submit = yield* makeGroupCommit(settings, commitInOrder(reads, yield* commitOf(settings, database)))
  const write = (job: WriteJob) => Effect.map(submit({ job }), writtenOf)

  const loanStore = LoanStore.of({
    load: (reference) => read(() => loadLoan(reads.load, reference)),
    loadAll: (references) =>
      Effect.flatMap(readMany({ statement: "loansOf", parameters: [JSON.stringify(references)] }), (rows) =>
        mapInSteps(rows, storedLoan),
      ),
    update: (reference, decide) => Effect.map(submit({ reference, decide }), changeOf),
    history: (reference, { after, limit } = wholeHistory) =>
      Effect.flatMap(readMany({ statement: "history", parameters: [reference, after, limit] }), (rows) =>
        mapInSteps(rows, storedEntry),
      ),
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
    stageCounts: (account) =>
      Effect.map(readMany({ statement: "stageCounts", parameters: [account, account] }), (rows) =>
        rows.map((row) => stageCount(row)),
      ),
    stalledCount: (account) =>
      Effect.map(readMany({ statement: "stalledCount", parameters: [account] }), ([row]) =>
        Number(row?.["loans"] ?? 0),
      ),
    accounts: Effect.map(readMany({ statement: "accounts", parameters: [] }), (rows) =>
      rows.map((row) => accountOf(row)),
    ),
    loans: (page) => Effect.flatMap(readMany(loansPage(page)), (rows) => mapInSteps(rows, storedLoan)),
    callbackRegistration: (account, bankUrl) => read(() => findRegistration(reads, account, bankUrl)),
    saveCallbackRegistration: ({ account, bankUrl, callbackUrl, registeredAt }) =>
      Effect.asVoid(
        write([
          { statement: "saveRegistration", parameters: [account, bankUrl, callbackUrl, registeredAt] },
          { statement: "dropIntent", parameters: [account, bankUrl] },
        ]),
      ),
    signingSince: (account) =>
      read(() => {
        const since = reads.signingSince.get(account)?.["since"]
        return since === undefined ? undefined : Number(since)
      }),
    markSigning: (account, at) =>
      Effect.asVoid(write([{ statement: "markSigning", parameters: [account, at] }])),
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
    // For a callback, the loan is read on another connection than the one that writes. So readiness checks both.
    ready: Effect.andThen(
      read(() => void reads.load.get("")),
      Effect.asVoid(write(probe)),
    ),
  })
  // Other processes send no signals. Their writes are found when the file is read.
  const news = yield* PubSub.sliding<void>(1)
  const journalStore = yield* opening(settings.path, () =>
    sqliteJournal(database, { path: settings.path, read, readMany, write, news }),
  )
  const webhookStore = yield* opening(settings.path, () => sqliteWebhooks(database, { read, write }))
  return Context.make(LoanStore, loanStore).pipe(
    Context.add(JournalStore, journalStore),
    Context.add(WebhookStore, webhookStore),
  )
})

/**
 * The reader of many loans. In an engine it has its own thread. In a command it uses the only connection, so it reads
 * as of the same moment.
 */
const readerOf = (
  settings: SqliteSettings,
  database: DatabaseSync,
): Effect.Effect<ReadRows, StoreUnusable, Scope.Scope> =>
  settings.writerThread
    ? threadReader(settings, settings.readMsMax)
    : opening(settings.path, () => inlineReader(database))

function loansPage({ account, only, prefix = "", after, limit }: LoansPage): Read {
  const { from, before } = referenceRange(prefix, after)
  if (only === undefined) return { statement: "loans", parameters: [account, from, before, limit] }
  if ("stage" in only) {
    return { statement: "loansAtStage", parameters: [account, only.stage, from, before, limit] }
  }
  if ("closed" in only) return { statement: "loansClosed", parameters: [account, from, before, limit] }
  if ("stalled" in only) return { statement: "loansStalled", parameters: [account, from, before, limit] }
  return { statement: "loansNamed", parameters: [account, only.externalReference, from, before, limit] }
}

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
    load: database.prepare(`SELECT ${loanColumns()} FROM loans WHERE application_reference = ?`),
    earlier: database.prepare(`
      SELECT max(position) AS position FROM journal
      WHERE application_reference = ? AND version > ? AND content ->> 'source' = ?
        AND (content ->> 'digest' = ? OR content ->> 'token' = ?) AND content ->> 'evidence' = ? AND content ->> 'account' = ?`),
    nextDue: database.prepare(`
      SELECT min(next_poll_at) AS due FROM loans
      WHERE account = ? AND poll_confirm = ? AND next_poll_at IS NOT NULL`),
    findRegistration: database.prepare(
      "SELECT callback_url, registered_at FROM callback_registrations WHERE account = ? AND bank_url = ?",
    ),
    signingSince: database.prepare("SELECT since FROM signing_accounts WHERE account = ?"),
    findIntent: database.prepare(
      "SELECT callback_url, asked_at FROM callback_intents WHERE account = ? AND bank_url = ?",
    ),
  } satisfies Record<string, StatementSync>
}
type Reads = ReturnType<typeof prepareReads>

/**
 * Does the same as a callback's commit: it writes a loan and its row. Then it removes both before anybody can see
 * them.
 */
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
): RegisteredCallback | undefined {
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
