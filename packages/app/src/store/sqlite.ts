import type { DatabaseSync, StatementSync } from "node:sqlite"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { snapshotText } from "@loan-engine/domain/loan"
import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import type { CallbackRegistration, Change, ClaimDue, LineDue, StoredLoan } from "../loan-store.ts"
import { LoanStore, StoreUnavailable, StoreUnusable } from "../loan-store.ts"
import type { PollSchedule } from "../poll-cadence.ts"
import { makeOneAtATime } from "./one-at-a-time.ts"
import { migrate } from "./sqlite-schema.ts"
import { stageCount, storedEntry, storedLoan } from "./sqlite-rows.ts"
import { inlineCommit, makeWriter, threadCommit } from "./sqlite-writer.ts"
import type { WriterLimits } from "./sqlite-writer.ts"
import type { ConnectionSettings, Write, WriteJob } from "./sqlite-writes.ts"
import { isSqliteError, openConnection } from "./sqlite-writes.ts"

export interface SqliteSettings extends ConnectionSettings, WriterLimits {
  /** Whether commits have a thread of their own; without one, everything waits for the disk. */
  readonly writerThread: boolean
}

export const sqliteDefaults: Omit<SqliteSettings, "path"> = {
  queuedUpdatesMax: 10_000,
  transactionUpdatesMax: 256,
  busyTimeoutMs: 5_000,
  writerThread: false,
}

/** The embedded store: one SQLite file in WAL mode with full synchronisation, read here and written in group commits. */
export const layerSqlite = (settings: SqliteSettings): Layer.Layer<LoanStore, StoreUnusable> =>
  Layer.effect(LoanStore, makeSqliteStore(settings))

const makeSqliteStore = Effect.fnUntraced(function* (settings: SqliteSettings) {
  const database = yield* Effect.acquireRelease(openDatabase(settings), (opened) =>
    Effect.sync(() => opened.close()),
  )
  const reads = prepareReads(database)
  const commit = settings.writerThread ? yield* threadCommit(settings) : inlineCommit(database)
  const write = yield* makeWriter(commit, settings)
  const alone = makeOneAtATime()

  return LoanStore.of({
    load: (reference) => read(() => loadLoan(reads, reference)),
    update: (reference, decide) =>
      alone(
        reference,
        Effect.flatMap(
          read(() => decideChange(reads, reference, decide)),
          ({ change, job }) => Effect.as(write(job), change),
        ),
      ),
    history: (reference) => read(() => reads.history.all(reference).map((row) => storedEntry(row))),
    claimDue: (options) => Effect.map(write([claim(options)]), (rows) => rows.map((row) => storedLoan(row))),
    nextDue: (accounts) => read(() => accounts.flatMap((account) => linesDue(reads, account))),
    reschedule: (stored, schedule) => Effect.asVoid(write([reschedule(stored, schedule)])),
    stageCounts: (account) => read(() => reads.stageCounts.all(account).map((row) => stageCount(row))),
    loans: ({ account, after, limit }) =>
      read(() => reads.loans.all(account, after, limit).map((row) => storedLoan(row))),
    callbackRegistration: (account, bankUrl) => read(() => findRegistration(reads, account, bankUrl)),
    saveCallbackRegistration: ({ account, bankUrl, callbackUrl, registeredAt }) =>
      Effect.asVoid(
        write([{ statement: "saveRegistration", parameters: [account, bankUrl, callbackUrl, registeredAt] }]),
      ),
    ready: Effect.asVoid(write([])),
  })
})

const openDatabase = (settings: SqliteSettings): Effect.Effect<DatabaseSync, StoreUnusable> =>
  Effect.try({
    try: () => {
      const database = openConnection(settings)
      try {
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

/** What SQLite refuses is a failure of the world; anything else is a defect of ours, and crashes loudly. */
const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(run())
    } catch (cause) {
      if (!isSqliteError(cause)) return Effect.die(cause)
      const message = `The SQLite store cannot be read now: ${cause.message}`
      return Effect.fail(new StoreUnavailable({ message, cause }))
    }
  })

function prepareReads(database: DatabaseSync) {
  const loanColumns = "snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled"
  return {
    load: database.prepare(`SELECT ${loanColumns} FROM loans WHERE application_reference = ?`),
    earlier: database.prepare(`
      SELECT max(position) AS position FROM journal
      WHERE application_reference = ? AND source = ? AND digest = ? AND evidence = ? AND account = ?`),
    history: database.prepare("SELECT * FROM journal WHERE application_reference = ? ORDER BY version"),
    nextDue: database.prepare(`
      SELECT min(next_poll_at) AS due FROM loans
      WHERE account = ? AND poll_confirm = ? AND next_poll_at IS NOT NULL`),
    stageCounts: database.prepare(
      "SELECT stage, count(*) AS loans FROM loans WHERE account = ? GROUP BY stage",
    ),
    loans: database.prepare(`
      SELECT ${loanColumns} FROM loans WHERE account = ? AND application_reference > ?
      ORDER BY application_reference LIMIT ?`),
    findRegistration: database.prepare(
      "SELECT callback_url, registered_at FROM callback_registrations WHERE account = ? AND bank_url = ?",
    ),
  } satisfies Record<string, StatementSync>
}
type Reads = ReturnType<typeof prepareReads>

function loadLoan(reads: Reads, reference: ApplicationReference): StoredLoan | undefined {
  const row = reads.load.get(reference)
  return row === undefined ? undefined : storedLoan(row)
}

/**
 * Decides on the loan as it stands, and says what is to be written. Nothing else changes the loan's facts before that is
 * written; the journal's key on the loan's version would refuse it.
 */
function decideChange(
  reads: Reads,
  reference: ApplicationReference,
  decide: (stored: StoredLoan | undefined) => Change,
): { readonly change: Change; readonly job: WriteJob } {
  const stored = loadLoan(reads, reference)
  const change = decide(stored)
  const position = change.addsNothing ? earlierPosition(reads, change) : null
  if (stored === undefined || position === null) return { change, job: [append(change), saveLoan(change)] }
  const { entry, schedule } = change
  return {
    change: { ...change, loan: stored.loan },
    job: [
      { statement: "countRepeat", parameters: [entry.receivedAt, position] },
      ...(schedule === stored.schedule ? [] : [reschedule(stored, schedule)]),
    ],
  }
}

/** Where the very same was said before. */
function earlierPosition(reads: Reads, { entry }: Change): number | null {
  const { applicationReference, source, digest, evidence, account } = entry
  const row = reads.earlier.get(applicationReference, source, digest, evidence, account)
  return typeof row?.["position"] === "number" ? row["position"] : null
}

const append = ({ entry }: Change): Write => ({
  statement: "append",
  parameters: [
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
  ],
})

const saveLoan = ({ loan, entry, schedule }: Change): Write => ({
  statement: "saveLoan",
  parameters: [
    loan.applicationReference,
    loan.account,
    loan.version,
    loan.stage,
    snapshotText(loan),
    entry.hash,
    ...scheduleColumns(schedule),
  ],
})

const reschedule = ({ loan }: StoredLoan, schedule: PollSchedule): Write => ({
  statement: "reschedule",
  parameters: [...scheduleColumns(schedule), loan.applicationReference, loan.version],
})

const scheduleColumns = ({ nextPollAt, attempts, confirm, stalled }: PollSchedule) => [
  nextPollAt,
  attempts,
  Number(confirm),
  Number(stalled),
]

const claim = ({ account, confirm, now, limit, leaseMs }: ClaimDue): Write => ({
  statement: "claim",
  parameters: [now + leaseMs, account, Number(confirm), now, limit],
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

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : "unknown failure")
