import type { StatementSync } from "node:sqlite"
import { snapshotText } from "@loan-engine/domain/loan"
import { isClosed } from "@loan-engine/domain/standing"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { Change, StoredLoan, WrittenChange } from "../../ports/loan-store.ts"
import { noWatermark, watermarkText } from "../../schedule/watermark.ts"
import type { Watermark } from "../../schedule/watermark.ts"
import type { PollSchedule } from "../../schedule/poll-cadence.ts"
import { decideInOrder, earlierEntriesMax } from "../decided-updates.ts"
import type { DecidedUpdate, Update } from "../decided-updates.ts"
import type { CommitBatch, Outcome, Unwritten } from "../group-commit.ts"
import { isSqliteError } from "./connection.ts"
import { storedLoan } from "../rows.ts"
import type { CommitJobs } from "./writer.ts"
import { nothingWritten } from "./writes.ts"
import type { Write, WriteJob, WriteOutcome, Written } from "./writes.ts"

/** Either an update, which is decided on the current loan, or a job, which is written without a decision. */
export type Request = Update | { readonly job: WriteJob }

/** For an update: the change, or `undefined` if none was needed. For a job: the result of its statements. */
export type Answer = WrittenChange | Written | undefined

const isUpdate = (request: Request): request is Update => "decide" in request
const isChange = (answer: Answer): answer is WrittenChange | undefined =>
  answer === undefined || "entry" in answer

export function changeOf(answer: Answer): WrittenChange | undefined {
  if (isChange(answer)) return answer
  throw new TypeError("an update was answered as if it were a job")
}

export function writtenOf(answer: Answer): Written {
  if (!isChange(answer)) return answer
  throw new TypeError("a job was answered as if it were an update")
}

interface Reads {
  readonly load: StatementSync
  readonly earlier: StatementSync
  readonly begin: StatementSync
  readonly end: StatementSync
}

/** Decides every update of a batch on the current loans, and writes the whole batch in one transaction. */
export const commitInOrder =
  (reads: Reads, commit: CommitJobs): CommitBatch<Request, Answer> =>
  (batch) =>
    Effect.suspend(() => {
      const planned = planOrRefuse(reads, batch)
      const jobs = planned.flatMap((each) => ("job" in each ? [each.job] : []))
      return Effect.map(commit(jobs), (outcomes) => {
        let next = 0
        return planned.map((each) => ("job" in each ? settled(each, outcomes[next++]) : each))
      })
    })

/** Plans a batch. If SQLite cannot read now, the requests are refused, because the cause is outside the engine. */
function planOrRefuse(reads: Reads, batch: ReadonlyArray<Request>): ReadonlyArray<Planned | Outcome<Answer>> {
  try {
    return inOneRead(reads, () => plan(reads, batch)).map((each) =>
      "state" in each && each.state === "defect" && isSqliteError(each.defect) ? refused(each.defect) : each,
    )
  } catch (cause) {
    if (!isSqliteError(cause)) throw cause
    return batch.map(() => refused(cause))
  }
}

const refused = ({ message: reason }: Error): Unwritten => ({ state: "refused", reason })

/** Ends the transaction. If a read failed, SQLite has ended it already, so a refusal here is ignored. */
function endQuietly(end: StatementSync): void {
  try {
    end.run()
  } catch (cause) {
    if (!isSqliteError(cause)) throw cause
  }
}

/**
 * Decides a batch in one read transaction, so that all decisions see the same state. Without it, SQLite would check
 * the file again at each read.
 */
function inOneRead<A>({ begin, end }: Reads, work: () => A): A {
  begin.run()
  try {
    return work()
  } finally {
    endQuietly(end)
  }
}

interface Planned {
  readonly job: WriteJob
  /** The answer to the request, after the job is durable. */
  readonly answer: (written: Written) => Answer
  /** Whether a stale job is decided again. A job without a decision does nothing if it is stale. */
  readonly isDecided: boolean
  /** Whether the job is also stale if its only statement changed nothing. */
  readonly mustChange?: boolean
}

const again: Unwritten = { state: "again" }
const declined: Outcome<Answer> = { state: "written", answer: undefined }

function settled(
  { answer, isDecided, mustChange }: Planned,
  outcome: WriteOutcome | undefined,
): Outcome<Answer> {
  if (outcome === undefined) return { state: "defect", defect: new Error("a job was not answered") }
  if (outcome.state === "stale")
    return isDecided ? outcome : { state: "written", answer: answer(nothingWritten) }
  if (mustChange === true && outcome.state === "written" && outcome.changes === 0) return { state: "stale" }
  return outcome.state === "refused" ? outcome : { state: "written", answer: answer(outcome) }
}

function plan(reads: Reads, batch: ReadonlyArray<Request>): ReadonlyArray<Planned | Outcome<Answer>> {
  const decided = decideInOrder(batch.filter(isUpdate), (reference) => loadLoan(reads.load, reference))
  let next = 0
  return batch.map((request) => {
    if (!isUpdate(request)) return { job: request.job, answer: (written) => written, isDecided: false }
    const each = decided[next++]
    if (each?.state === "decided") return plannedChange(reads, each)
    return each?.state === "declined" ? declined : (each ?? again)
  })
}

function plannedChange(reads: Reads, decided: Extract<DecidedUpdate, { state: "decided" }>): Planned {
  const { stored, change } = decided
  if (stored !== undefined && change.isQuiet === true) {
    const answer = { ...change, position: 0 }
    return { job: [hearAgain(stored, change)], answer: () => answer, isDecided: true, mustChange: true }
  }
  const position = change.addsNothing ? earlierPosition(reads, change) : null
  if (stored === undefined || position === null) {
    return {
      job: [stored === undefined ? openLoan(change) : moveLoan(stored, change), append(change)],
      answer: ({ lastPosition }) => ({ ...change, position: lastPosition }),
      isDecided: true,
    }
  }
  const { entry, schedule } = change
  return {
    job: [
      { statement: "countRepeat", parameters: [entry.receivedAt, position] },
      ...(schedule === stored.schedule ? [] : [reschedule(stored, schedule)]),
    ],
    answer: () => ({ ...change, loan: stored.loan, position }),
    isDecided: true,
  }
}

/** Finds where the same message was recorded before: with the same bytes, or with the same signed token. */
function earlierPosition(reads: Reads, { entry }: Change): number | null {
  const { applicationReference, version, source, digest, token = null, evidence, account } = entry
  const behind = version - 1 - earlierEntriesMax
  const row = reads.earlier.get(applicationReference, behind, source, digest, token, evidence, account)
  return typeof row?.["position"] === "number" ? row["position"] : null
}

const append = ({ entry }: Change): Write => ({
  statement: "append",
  parameters: [entry.applicationReference, entry.version, entry.text, entry.raw, entry.hash],
})

const openLoan = ({ loan, entry, schedule, watermark }: Change): Write => ({
  statement: "openLoan",
  parameters: [
    loan.applicationReference,
    ...loanValues(loan, entry.hash),
    ...scheduleValues(schedule),
    markOf(watermark),
  ],
})

function moveLoan(stored: StoredLoan, { loan, entry, schedule, watermark }: Change): Write {
  const values = loanValues(loan, entry.hash)
  const rest = [markOf(watermark), ...asItStands(stored)]
  return schedule === stored.schedule
    ? { statement: "moveUnscheduledLoan", parameters: [...values, ...rest] }
    : { statement: "moveLoan", parameters: [...values, ...scheduleValues(schedule), ...rest] }
}

const hearAgain = (stored: StoredLoan, { schedule, watermark }: Change): Write => ({
  statement: "hearAgain",
  parameters: [...scheduleValues(schedule), markOf(watermark), ...asItStands(stored)],
})

/** The values that identify the loan's row as it was read. If the row has changed since, the update changes nothing. */
const asItStands = ({ loan, chainHead, mark = null }: StoredLoan) => [
  loan.applicationReference,
  loan.version,
  chainHead,
  mark,
]

const markOf = (watermark: Watermark = noWatermark): string | null => watermarkText(watermark)

export const reschedule = ({ loan }: StoredLoan, schedule: PollSchedule): Write => ({
  statement: "reschedule",
  parameters: [...scheduleValues(schedule), loan.applicationReference, loan.version],
})

const loanValues = (loan: StoredLoan["loan"], chainHead: string) => [
  loan.account,
  loan.version,
  loan.stage,
  loan.externalReference ?? null,
  Number(isClosed(loan.facts)),
  snapshotText(loan),
  chainHead,
]

const scheduleValues = ({ nextPollAt, attempts, confirm, stalled }: PollSchedule) => [
  nextPollAt,
  attempts,
  Number(confirm),
  Number(stalled),
]

export function loadLoan(load: StatementSync, reference: ApplicationReference): StoredLoan | undefined {
  const row = load.get(reference)
  return row === undefined ? undefined : storedLoan(row)
}
