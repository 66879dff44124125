import { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Schema } from "effect"
import type {
  RegisteredCallback,
  LineDue,
  LoanFilter,
  LoanStore,
  WrittenChange,
} from "../../ports/loan-store.ts"
import { mapInSteps } from "../../base/in-steps.ts"
import { wholeHistory } from "../../ports/loan-store.ts"
import type { StoreUnavailable } from "../../ports/loan-store.ts"
import type { Update } from "../decided-updates.ts"
import type { Query, Rows } from "./run.ts"
import { unavailable } from "./errors.ts"
import { bigint, boolean, int, text, texts } from "./parameters.ts"
import { accountOf, claimedLoan, stageCount, storedEntry, storedLoan, whole } from "../rows.ts"
import {
  bringBackLoans,
  claimDue,
  dropIntent,
  markSigning,
  readStatements,
  releaseLoan,
  rescheduleLoan,
  saveIntent,
  saveRegistration,
} from "./statements.ts"
import { referenceRange } from "../reference-range.ts"

type Submit = (update: Update) => Effect.Effect<WrittenChange | undefined, StoreUnavailable>

/**
 * Reads and schedules loans. Changes of loans go through `submit`, which groups those that arrive at the same time.
 */
export function postgresLoans(query: Query, schema: string, submit: Submit): LoanStore["Service"] {
  const reads = readStatements(schema)
  const claim = claimDue(schema)
  const bringBack = bringBackLoans(schema)
  const release = releaseLoan(schema)
  const reschedule = rescheduleLoan(schema)
  const register = saveRegistration(schema)
  const { ready, doubted } = readiness(query, reads)
  return {
    load: (reference) =>
      Effect.map(query(reads.load, [text(reference)]), ([row]) =>
        row === undefined ? undefined : storedLoan(row),
      ),
    loadAll: (references) =>
      Effect.flatMap(query(reads.loadAll, [texts(references)]), (rows) => mapInSteps(rows, storedLoan)),
    update: (reference, decide) => Effect.tapError(submit({ reference, decide }), () => Effect.sync(doubted)),
    history: (reference, { after, limit } = wholeHistory) =>
      Effect.flatMap(query(reads.history, [text(reference), int(after), int(limit)]), (rows) =>
        mapInSteps(rows, storedEntry),
      ),
    claimDue: ({ account, confirm, limit, leaseMs }) =>
      mapped(query(claim, [text(account), boolean(confirm), int(limit), bigint(leaseMs)]), claimedLoan),
    release: ({ loan, schedule, dueAt }) =>
      Effect.asVoid(
        query(release, [
          text(loan.applicationReference),
          int(loan.version),
          bigint(schedule.nextPollAt),
          bigint(dueAt),
        ]),
      ),
    nextDue: (accounts) => mapped(query(reads.nextDue, [texts(accounts)]), lineDue),
    bringBack: ({ account, confirm, aheadMs, limit }) =>
      Effect.map(
        query(bringBack, [text(account), boolean(confirm), bigint(aheadMs), int(limit)]),
        (rows) => rows.length,
      ),
    reschedule: ({ loan }, { nextPollAt, attempts, confirm, stalled }) =>
      Effect.asVoid(
        query(reschedule, [
          text(loan.applicationReference),
          int(loan.version),
          bigint(nextPollAt),
          int(attempts),
          boolean(confirm),
          boolean(stalled),
        ]),
      ),
    stageCounts: (account) => mapped(query(reads.stageCounts, [text(account)]), stageCount),
    stalledCount: (account) =>
      Effect.map(query(reads.stalledCount, [text(account)]), ([row]) => whole(row?.["loans"])),
    accounts: mapped(query(reads.accounts, []), accountOf),
    loans: ({ account, only, prefix = "", after, limit }) => {
      const { from, before } = referenceRange(prefix, after)
      const page = [text(account), text(from), text(before), int(limit)]
      return Effect.flatMap(loansPage(query, reads, only, page), (rows) => mapInSteps(rows, storedLoan))
    },
    callbackRegistration: (account, bankUrl) =>
      Effect.map(query(reads.registration, [text(account), text(bankUrl)]), ([row]) =>
        row === undefined ? undefined : registration(account, bankUrl, row),
      ),
    saveCallbackRegistration: ({ account, bankUrl, callbackUrl, registeredAt }) =>
      Effect.asVoid(query(register, [text(account), text(bankUrl), text(callbackUrl), bigint(registeredAt)])),
    signingSince: (account) =>
      Effect.map(query(reads.signing, [text(account)]), ([row]) =>
        row === undefined ? undefined : whole(row["since"]),
      ),
    markSigning: (account, at) => Effect.asVoid(query(markSigning(schema), [text(account), bigint(at)])),
    callbackIntent: (account, bankUrl) =>
      Effect.map(query(reads.intent, [text(account), text(bankUrl)]), ([row]) =>
        row === undefined
          ? undefined
          : {
              account,
              bankUrl,
              callbackUrl: String(row["callback_url"]),
              askedAt: whole(row["asked_at"]),
            },
      ),
    saveCallbackIntent: ({ account, bankUrl, callbackUrl, askedAt }, { replaces }) =>
      Effect.map(
        query(saveIntent(schema), [
          text(account),
          text(bankUrl),
          text(callbackUrl),
          bigint(askedAt),
          boolean(replaces),
        ]),
        ({ length }) => length === 1,
      ),
    dropCallbackIntent: (account, bankUrl) =>
      Effect.asVoid(query(dropIntent(schema), [text(account), text(bankUrl)])),
    ready,
  }
}

/** How often the readiness check writes the same rows as a callback. In between, it only commits a message. */
const probeEveryMs = 5_000

/** How many partitions one check writes to. If there are more, the next check writes to the next ones. */
const probedPartitionsMax = 16

/**
 * Checks whether a callback could be made durable now. At first, and after a failure, every check writes; once a
 * write succeeds, most checks only commit.
 */
function readiness(query: Query, reads: ReturnType<typeof readStatements>) {
  let probedAt = -Infinity
  let places: ReadonlyArray<number> = []
  let next = 0
  const doubted = (): void => void (probedAt = -Infinity)
  const ready: LoanStore["Service"]["ready"] = Effect.gen(function* () {
    const [row] = yield* query(reads.ready, [])
    if (row?.["read_only"] !== false) return yield* Effect.fail(unavailable("the server can only be read"))
    const now = yield* Clock.currentTimeMillis
    if (now - probedAt < probeEveryMs) return
    doubted()
    if (places.length === 0)
      places = Array.from(yield* query(reads.probePlaces, []), (row) => whole(row["place"]))
    yield* query(reads.probe(places.slice(next, next + probedPartitionsMax)), [])
    next = next + probedPartitionsMax < places.length ? next + probedPartitionsMax : 0
    probedAt = now
  })
  return { ready, doubted }
}

const mapped = <A>(rows: Effect.Effect<Rows, StoreUnavailable>, decode: (row: unknown) => A) =>
  Effect.map(rows, (found) => found.map((row) => decode(row)))

const decodeLine = Schema.decodeUnknownSync(
  Schema.Struct({ account: AccountName, confirm: Schema.Boolean, due: Schema.Unknown }),
)

function lineDue(row: unknown): LineDue {
  const { account, confirm, due } = decodeLine(row)
  return { account, confirm, dueAt: whole(due) }
}

function loansPage(
  query: Query,
  reads: ReturnType<typeof readStatements>,
  only: LoanFilter | undefined,
  page: ReadonlyArray<unknown>,
): Effect.Effect<Rows, StoreUnavailable> {
  if (only === undefined) return query(reads.loans, page)
  if ("stage" in only) return query(reads.loansAtStage, [...page, text(only.stage)])
  if ("closed" in only) return query(reads.loansClosed, page)
  if ("stalled" in only) return query(reads.loansStalled, page)
  return query(reads.loansNamed, [...page, text(only.externalReference)])
}

const registration = (account: AccountName, bankUrl: string, row: Rows[number]): RegisteredCallback => ({
  account,
  bankUrl,
  callbackUrl: String(row["callback_url"]),
  registeredAt: whole(row["registered_at"]),
})
