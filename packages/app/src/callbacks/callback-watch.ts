import type { RejectionCode } from "@loan-engine/adapters-http/callback/answer"
import type { RejectionLog } from "@loan-engine/adapters-http/callback/rejection-log"
import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Metric } from "effect"
import type { Scope } from "effect"
import {
  callbackAlarm,
  callbackHealth,
  callbacksLate,
  CallbackTally,
  judgedFrom,
} from "../callback-health/health.ts"
import type { CallbackHealth, CallbackHealthSettings } from "../callback-health/health.ts"
import type { CallbackState } from "../callback-health/state.ts"
import { countedIn } from "../journal/entry-text.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { FeedEntry } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { recurring } from "../ports/recurring.ts"
import { callbackAlarmGauge, callbackLateGauge, callbackMissedRatioGauge } from "../telemetry/metrics.ts"

/** After this many entries, other work gets its turn. */
const countedPageRowsMax = 200

/** The refused callbacks of an account since the process started. */
export type RefusedCounts = Pick<RejectionLog, "counts">

/**
 * Counts the callbacks of every account, from the feed and from the refused requests. It warns if too many are
 * missed. It never registers a URL, because the bank wants the URL only once.
 */
export const watchCallbacks = Effect.fnUntraced(function* (
  settings: CallbackHealthSettings,
  accounts: ReadonlyArray<AccountName>,
  refused: RefusedCounts,
): Effect.fn.Return<void, never, JournalStore | Scope.Scope> {
  const journal = yield* JournalStore
  const told = new Map<AccountName, RefusedSoFar>()
  const warned = new Map<AccountName, CallbackState>()
  const watch = Effect.gen(function* () {
    yield* countRefused(accounts, refused, told)
    yield* countFeed
    for (const health of yield* callbackHealths(settings, accounts)) {
      yield* show(health)
      yield* warn(health, warned)
    }
  })
  // The count also runs when the scope closes. Otherwise the latest refusals would be lost with the process.
  const counted = Effect.provideService(watch, JournalStore, journal)
  yield* recurring("callbacks could not be counted", settings.callbackHealthEveryMs, counted)
})

/**
 * The health of every account's callbacks over the last days. It includes entries of the feed that are not counted in
 * the store yet.
 */
export const callbackHealths = Effect.fnUntraced(function* (
  settings: CallbackHealthSettings,
  accounts: ReadonlyArray<AccountName>,
): Effect.fn.Return<ReadonlyArray<CallbackHealth>, StoreUnavailable, JournalStore> {
  const journal = yield* JournalStore
  const now = yield* Clock.currentTimeMillis
  const days = yield* journal.callbackDays(judgedFrom(now, settings))
  const uncounted = new CallbackTally()
  for (let after = yield* journal.callbacksCountedTo; ;) {
    const rows = yield* journal.feed({ after, limit: countedPageRowsMax })
    const last = rows.at(-1)
    if (last === undefined) break
    count(uncounted, rows)
    after = last.position
  }
  return accounts.map((account) => callbackHealth(account, [...days, ...uncounted.days], settings, now))
})

/** Counts every entry of the feed after the last counted entry. */
export const countFeed = Effect.gen(function* () {
  const journal = yield* JournalStore
  for (;;) {
    const from = yield* journal.callbacksCountedTo
    const rows = yield* journal.feed({ after: from, limit: countedPageRowsMax })
    const last = rows.at(-1)
    if (last === undefined) return
    const tally = new CallbackTally()
    count(tally, rows)
    yield* journal.countCallbacks({ from, to: last.position, days: tally.days })
    yield* Effect.yieldNow
  }
})

/** Counts the entries of a page. An altered row is skipped; `journal verify` reports it. */
function count(tally: CallbackTally, rows: ReadonlyArray<FeedEntry>): void {
  for (const row of rows) {
    const entry = countedIn(row.text)
    if (entry !== undefined) tally.entry(entry)
  }
}

interface RefusedSoFar {
  readonly forged: number
  readonly unauthorized: number
}

const nothingRefused: RefusedSoFar = { forged: 0, unauthorized: 0 }

const forgedCodes: ReadonlyArray<RejectionCode> = ["signature-invalid", "signature-contradicted"]

/** Counts the refused callbacks since the last time. The position in the feed does not move. */
const countRefused = Effect.fnUntraced(function* (
  accounts: ReadonlyArray<AccountName>,
  refused: RefusedCounts,
  told: Map<AccountName, RefusedSoFar>,
) {
  const journal = yield* JournalStore
  const now = yield* Clock.currentTimeMillis
  const from = yield* journal.callbacksCountedTo
  const tally = new CallbackTally()
  const current = new Map(accounts.map((account) => [account, refusedOf(refused, account)]))
  for (const [account, { forged, unauthorized }] of current) {
    const before = told.get(account) ?? nothingRefused
    tally.refused(account, now, {
      forged: forged - before.forged,
      unauthorized: unauthorized - before.unauthorized,
    })
  }
  if (tally.days.length === 0) return
  const added = yield* journal.countCallbacks({ from, to: from, days: tally.days })
  if (added) for (const [account, counts] of current) told.set(account, counts)
})

function refusedOf(refused: RefusedCounts, account: AccountName): RefusedSoFar {
  const counts = refused.counts(account)
  const of = (code: RejectionCode): number => counts.get(code) ?? 0
  return {
    forged: forgedCodes.reduce((sum, code) => sum + of(code), 0),
    unauthorized: of("unauthorized") + of("unauthorized-too-many"),
  }
}

const show = ({ account, missedRate, alarming, state }: CallbackHealth): Effect.Effect<void> =>
  Effect.all(
    [
      Metric.update(callbackMissedRatioGauge.of({ account }), missedRate),
      Metric.update(callbackLateGauge.of({ account }), Number(state === "late")),
      Metric.update(callbackAlarmGauge.of({ account }), Number(alarming)),
    ],
    { discard: true },
  )

const warnings: Partial<Record<CallbackState, (health: CallbackHealth) => string>> = {
  late: callbacksLate,
  alarm: callbackAlarm,
}

/**
 * Logs a warning when an account's state becomes `late` or `alarm`. It is logged again only after the state has
 * changed.
 */
function warn(health: CallbackHealth, warned: Map<AccountName, CallbackState>): Effect.Effect<void> {
  const { account, state } = health
  const text = warnings[state]
  if (text === undefined) warned.delete(account)
  if (text === undefined || warned.get(account) === state) return Effect.void
  warned.set(account, state)
  return Effect.logWarning(text(health)).pipe(
    Effect.annotateLogs({
      account,
      awaited: health.awaited,
      missed: health.missed,
      byCallback: health.byCallback,
      byPoll: health.byPoll,
    }),
  )
}
