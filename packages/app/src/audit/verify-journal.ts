import { Clock, Effect } from "effect"
import type { Anchor } from "../journal/anchor.ts"
import type { CheckpointRow } from "../ports/journal-store.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { restAfterMs } from "../schedule/dormancy.ts"
import { cadenceDefaults } from "../schedule/poll-cadence.ts"
import { CallbackTally } from "../callback-health/health.ts"
import { failing } from "./check-table.ts"
import { readText } from "../journal/entry-text.ts"
import { upkeepChecks } from "./upkeep-checks.ts"
import type { UpkeepChecks } from "./upkeep-checks.ts"
import { judgeFeed } from "./feed-judge.ts"
import type { FeedChecks, FeedJudge } from "./feed-judge.ts"
import { feedChecks } from "./feed-judge.ts"
import { finding } from "./finding.ts"
import type { Finding } from "./finding.ts"
import type { FindingCode } from "./finding.ts"
import { collectFindings, findingsMax } from "./findings.ts"
import type { Findings } from "./findings.ts"
import { judgeWhole, replayChecks } from "./judge-whole.ts"
import { loanChecks } from "./loan-judge.ts"
import type { LoanChecks, LoanJudge } from "./loan-judge.ts"
import { readCheckpoints, readSealable } from "./readers.ts"
import { reportingDisorder, walkLoans } from "./walk-loans.ts"

/** What a verification checked, and what it found. */
export interface Verification {
  readonly rows: number
  readonly loans: number
  readonly checkpoints: number
  /** The newest checkpoint. Keep a copy of it in another place, as an anchor. */
  readonly newestCheckpoint: Anchor | null
  /** The rows that no checkpoint seals yet. */
  readonly unsealed: { readonly rows: number; readonly afterPosition: number }
  /** How many anchors were not compared, because a standby may not have their checkpoints yet. */
  readonly newerAnchors: number
  readonly findings: ReadonlyArray<Finding>
  /** The total number. If there are too many findings, some are only counted. */
  readonly findingsCount: number
}

/** All checks. Tests leave some out to show what each check finds. */
export interface Checks {
  readonly loan: LoanChecks
  readonly feed: FeedChecks
  readonly replay: ReadonlySet<FindingCode>
  readonly upkeep: UpkeepChecks
}

const allChecks: Checks = {
  loan: loanChecks,
  feed: feedChecks,
  replay: replayChecks,
  upkeep: upkeepChecks,
}

/**
 * Verifies the whole store. It reads everything twice: in the order of the feed, and by loan. It checks rows, chains,
 * checkpoints, each row's decision, snapshots, and what the engine stores besides. One page of rows and one
 * checkpoint are in memory. The store must not change meanwhile, or must be read as of one moment. If a loan had no
 * news for `restMs`, its polling may have ended.
 */
export const verifyJournal = Effect.fn("verifyJournal")(function* (
  anchors: ReadonlyArray<Anchor> = [],
  checks: Checks = allChecks,
  restMs: number = restAfterMs(cadenceDefaults),
): Effect.fn.Return<Verification, StoreUnavailable, JournalStore> {
  const store = yield* JournalStore
  const silentSince = (yield* Clock.currentTimeMillis) - restMs
  const findings = collectFindings()
  const faults = yield* store.faults
  findings.add(faults.map((fault) => finding("store-damaged", {}, fault)))
  const missing = new Set<string>()
  const due = yield* dueAnchors(anchors)
  const sealed = yield* walkFeed(
    judgeFeed({ anchors: due, isGapless: store.isGapless }, checks.feed),
    findings,
    missing,
  )
  let countedTo = 0
  yield* reportingDisorder(
    Effect.map(store.callbacksCountedTo, (position) => void (countedTo = position)),
    findings,
  )
  const tally = new CallbackTally()
  const judge = (reference: string): LoanJudge => {
    missing.delete(reference)
    const judged = judgeWhole(reference, checks, silentSince)
    return {
      row: (row, read = readText(row.text)) => {
        if (row.position <= countedTo && read.content !== undefined) tally.entry(read.content)
        return judged.row(row, read)
      },
      end: judged.end,
    }
  }
  const walked = yield* walkLoans(store, judge, findings)
  findings.add([...missing].map(vanishedLoan))
  const { newest, ...seen } = sealed
  if (walked.rows !== seen.rows) findings.add([disagreement(seen.rows, walked.rows)])
  const lookAfter = Effect.gen(function* () {
    const places = yield* store.places
    const counted = yield* store.callbackDays(firstDay)
    const upkeep = { places, newest, counted, recounted: tally.days }
    findings.add(
      failing(checks.upkeep, (check) => check(upkeep)).flatMap(([code, messages]) =>
        messages.map((message) => finding(code, {}, message)),
      ),
    )
  })
  yield* reportingDisorder(lookAfter, findings)
  return {
    ...walked,
    ...seen,
    newerAnchors: anchors.length - due.length,
    rows: Math.max(walked.rows, seen.rows),
    findings: findings.listed(),
    findingsCount: findings.count(),
  }
})

/** The anchors whose checkpoints the store must have. A standby may lack the newest ones for a while. */
const dueAnchors = Effect.fnUntraced(function* (
  anchors: ReadonlyArray<Anchor>,
): Effect.fn.Return<ReadonlyArray<Anchor>, StoreUnavailable, JournalStore> {
  const store = yield* JournalStore
  if (!(yield* store.isStandby)) return anchors
  const last = (yield* store.lastCheckpoint)?.number ?? 0
  return anchors.filter(({ number }) => number <= last)
})

/** A day before every counted day. */
const firstDay = 0

const vanishedLoan = (applicationReference: string): Finding =>
  finding("loan-vanished", { applicationReference }, "it was sealed, but is no longer in the store")

const disagreement = (byPosition: number, byLoan: number): Finding =>
  finding("feed-disagrees", {}, `the feed has ${byPosition} rows, but the loans' journals have ${byLoan}`)

/** Passes the checkpoints and the rows to the feed's judge. It collects the loans whose sealed rows are missing. */
const walkFeed = Effect.fnUntraced(function* (
  judge: FeedJudge,
  findings: Findings,
  missing: Set<string>,
): Effect.fn.Return<
  Pick<Verification, "rows" | "checkpoints" | "newestCheckpoint" | "unsealed"> & { readonly newest: number },
  StoreUnavailable,
  JournalStore
> {
  const store = yield* JournalStore
  const rows = readSealable(store)
  const checkpoints = readCheckpoints(store)
  const seen = { rows: 0, checkpoints: 0, sealedRows: 0, sealedTo: 0, newest: 0 }
  let newest: CheckpointRow | undefined
  const add = (found: ReadonlyArray<Finding>): void => {
    for (const { code, applicationReference } of found) {
      const isMissing = code === "row-missing" || code === "row-replaced"
      if (isMissing && applicationReference !== null && missing.size < findingsMax)
        missing.add(applicationReference)
    }
    findings.add(found)
  }
  const rowsUpTo = Effect.fnUntraced(function* (end: number) {
    for (let row = yield* rows.peek; row !== undefined && row.position <= end; row = yield* rows.peek) {
      rows.take()
      seen.rows++
      seen.newest = row.position
      add(judge.row(row))
    }
  })
  const walk = Effect.gen(function* () {
    for (let next = yield* checkpoints.peek; next !== undefined; next = yield* checkpoints.peek) {
      checkpoints.take()
      newest = next
      seen.checkpoints++
      seen.sealedTo = judge.begin(next)
      yield* rowsUpTo(seen.sealedTo)
      add(judge.end())
    }
    seen.sealedRows = seen.rows
    yield* rowsUpTo(Number.POSITIVE_INFINITY)
    add(judge.end())
  })
  yield* reportingDisorder(walk, findings)
  return {
    rows: seen.rows,
    newest: seen.newest,
    checkpoints: seen.checkpoints,
    newestCheckpoint: newest === undefined ? null : { number: newest.number, hash: newest.hash },
    unsealed: { rows: seen.rows - seen.sealedRows, afterPosition: seen.sealedTo },
  }
})
