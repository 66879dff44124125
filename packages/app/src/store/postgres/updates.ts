import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Result } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Change, StoredLoan, WrittenChange } from "../../ports/loan-store.ts"
import { decideInOrder } from "../decided-updates.ts"
import type { DecidedUpdate, Update } from "../decided-updates.ts"
import type { CommitBatch, Outcome } from "../group-commit.ts"
import type { Rows, Run, RunTogether } from "./run.ts"
import { describe, failureOf } from "./errors.ts"
import { texts } from "./parameters.ts"
import { loanColumns, storedLoan, whole } from "../rows.ts"
import type { LoanWrite, QuietWrite, RepeatWrite, Statement } from "./writes.ts"
import { confirmRows, countRepeats, findEarlier, hearAgain, writeLoans } from "./writes.ts"

type Answer = WrittenChange | undefined
type Decided = Extract<DecidedUpdate, { state: "decided" }>

/** Decides a batch of updates on the current loans. New entries are written in one statement, repeats in another. */
export const commitUpdates = (together: RunTogether, schema: string): CommitBatch<Update, Answer> => {
  const load = loadMany(schema)
  const earlier = findEarlier(schema)
  const write = writeLoans(schema)
  const count = countRepeats(schema)
  const hear = hearAgain(schema)
  const confirm = confirmRows(schema)
  const commit = Effect.fnUntraced(function* (batch: ReadonlyArray<Update>) {
    const run = together()
    const { loans, storeNow } = yield* load(
      run,
      batch.map(({ reference }) => reference),
    )
    const loaded = (reference: ApplicationReference): StoredLoan | undefined => {
      const row = loans.get(reference)
      return row === undefined ? undefined : storedLoan(row)
    }
    const updates = decideInOrder(batch, loaded, storeNow)
    const decided = updates.filter((update) => update.state === "decided")
    const adding = decided.flatMap(({ change }) =>
      change.addsNothing && change.isQuiet !== true ? [change] : [],
    )
    const said = adding.length === 0 ? [] : yield* runStatement(run, earlier(adding))
    const { writes, repeats, quiet } = split(decided, versions(said))
    const declined = updates.flatMap((update) =>
      update.state === "declined" && update.stored !== undefined ? [update.stored] : [],
    )
    const [written, counted, heard, confirmed] = yield* Effect.all(
      [
        carryOut(run, write, writes, writtenChanges),
        carryOut(run, count, repeats, countedChange),
        carryOut(run, hear, quiet, heardChange),
        carryOut(run, confirm, declined, confirmedRow),
      ],
      { concurrency: 2 },
    )
    const outcomes = new Map<unknown, Outcome<Answer>>([...written, ...counted, ...heard, ...confirmed])
    return updates.map((update): Outcome<Answer> => {
      if (update.state === "decided") return outcomes.get(update.change) ?? unanswered
      if (update.state !== "declined") return update
      return update.stored === undefined ? nothingWritten : (outcomes.get(update.stored) ?? unanswered)
    })
  })
  return (batch) =>
    Effect.catch(commit(batch), (error) =>
      failureOf(error) === "defect"
        ? Effect.die(error)
        : Effect.succeed(batch.map(() => ({ state: "refused" as const, reason: describe(error) }))),
    )
}

const unanswered: Outcome<never> = {
  state: "defect",
  defect: new Error("a change was neither written nor refused"),
}

const runStatement = (run: Run, { sql, parameters }: Statement): Effect.Effect<Rows, SqlError> =>
  run(sql, parameters)

const loadMany = (schema: string) => {
  // JOIN is used instead of ANY, so that each reference is searched only in its own partition. The row without a
  // reference contains the database's time.
  const sql = `
    SELECT l.application_reference, ${loanColumns("l.")}, NULL::bigint AS store_now
    FROM unnest($1::text[]) AS i (application_reference)
    JOIN ${schema}.loans l ON l.application_reference = i.application_reference
    UNION ALL SELECT NULL, ${loanColumns().replaceAll(/[^,]+/gu, "NULL")}, ${schema}.clock_ms()`
  return (run: Run, references: ReadonlyArray<ApplicationReference>) =>
    Effect.map(run(sql, [texts([...new Set(references)])]), (rows) => {
      const clock = rows.find((row) => row["store_now"] !== null)
      const found = rows.filter((row) => row !== clock)
      return {
        loans: new Map(found.map((row) => [String(row["application_reference"]), row])),
        storeNow: whole(clock?.["store_now"]),
      }
    })
}

const versions = (rows: Rows): ReadonlyMap<string, number> =>
  new Map(rows.map((row) => [String(row["application_reference"]), whole(row["version"])]))

/** Splits decided changes into entries to write (by loan), repeats to count, and answers without news. */
function split(
  decided: ReadonlyArray<Decided>,
  earlier: ReadonlyMap<string, number>,
): {
  readonly writes: ReadonlyArray<LoanWrite>
  readonly repeats: ReadonlyArray<RepeatWrite>
  readonly quiet: ReadonlyArray<QuietWrite>
} {
  const quiet: Array<QuietWrite> = []
  const repeats: Array<RepeatWrite> = []
  const byLoan = new Map<string, { stored: StoredLoan | undefined; changes: [Change, ...Array<Change>] }>()
  for (const { stored, change } of decided) {
    const { applicationReference } = change.loan
    const version = change.addsNothing ? earlier.get(applicationReference) : undefined
    const begun = byLoan.get(applicationReference)
    if (stored !== undefined && change.isQuiet === true) quiet.push({ stored, change })
    else if (stored !== undefined && version !== undefined) repeats.push({ stored, change, version })
    else if (begun === undefined) byLoan.set(applicationReference, { stored, changes: [change] })
    else begun.changes.push(change)
  }
  return { writes: [...byLoan.values()], repeats, quiet }
}

const nothingWritten: Outcome<Answer> = { state: "written", answer: undefined }

/** The outcome of each request. For a declined update, the first part is the row that must not have changed. */
type Outcomes = ReadonlyArray<readonly [Change | StoredLoan, Outcome<Answer>]>

/** The positions of the journal rows that a statement wrote, or on which it counted a repeat. */
type Positions = ReadonlyMap<string, number>

const entryKey = (applicationReference: string, version: number): string =>
  `${version} ${applicationReference}`

const positions = (rows: Rows): Positions =>
  new Map(
    rows.map((row) => [
      entryKey(String(row["application_reference"]), whole(row["version"])),
      whole(row["position"]),
    ]),
  )

/**
 * Runs a statement for all writes together. If one write makes the statement fail, each write is tried separately, so
 * that the others succeed.
 */
const carryOut = <Write>(
  run: Run,
  statement: (writes: ReadonlyArray<Write>) => Statement,
  writes: ReadonlyArray<Write>,
  outcomesOf: (positions: Positions, write: Write) => Outcomes,
): Effect.Effect<Outcomes> => {
  const attempt = (some: ReadonlyArray<Write>) =>
    Effect.result(Effect.map(runStatement(run, statement(some)), positions))
  return Effect.gen(function* () {
    if (writes.length === 0) return []
    const together = yield* attempt(writes)
    if (Result.isSuccess(together)) return writes.flatMap((each) => outcomesOf(together.success, each))
    const isOnesFault = ["defect", "locked"].includes(failureOf(together.failure))
    if (writes.length === 1 || !isOnesFault) {
      return writes.flatMap((each) => failed(outcomesOf(nowhere, each), together.failure))
    }
    const apart: Array<Outcomes> = []
    let away: SqlError | undefined
    for (const each of writes) {
      // If the server does not answer one write, it would not answer the others either.
      const result = away === undefined ? yield* attempt([each]) : Result.fail(away)
      if (Result.isFailure(result) && failureOf(result.failure) === "unavailable") away = result.failure
      apart.push(
        Result.isSuccess(result)
          ? outcomesOf(result.success, each)
          : failed(outcomesOf(nowhere, each), result.failure),
      )
    }
    return apart.flat()
  })
}

const nowhere: Positions = new Map()

function failed(outcomes: Outcomes, error: SqlError): Outcomes {
  const outcome = failedOutcome(error)
  return outcomes.map(([asked]) => [asked, outcome])
}

function failedOutcome(error: SqlError): Outcome<Answer> {
  switch (failureOf(error)) {
    case "overtaken":
      return { state: "stale" }
    case "unavailable":
    case "locked":
      return { state: "refused", reason: describe(error) }
    case "defect":
      return { state: "defect", defect: error }
  }
}

const stale: Outcome<Answer> = { state: "stale" }

/** Either all changes of a loan are written, or all are stale. */
const writtenChanges = (written: Positions, { changes }: LoanWrite): Outcomes =>
  changes.map((change) => {
    const position = written.get(entryKey(change.entry.applicationReference, change.entry.version))
    return [change, position === undefined ? stale : { state: "written", answer: { ...change, position } }]
  })

function countedChange(counted: Positions, { stored, change, version }: RepeatWrite): Outcomes {
  const position = counted.get(entryKey(stored.loan.applicationReference, version))
  if (position === undefined) return [[change, stale]]
  return [[change, { state: "written", answer: { ...change, loan: stored.loan, position } }]]
}

function heardChange(heard: Positions, { stored, change }: QuietWrite): Outcomes {
  const isHeard = heard.has(entryKey(stored.loan.applicationReference, stored.loan.version))
  return [[change, isHeard ? { state: "written", answer: { ...change, position: 0 } } : stale]]
}

/** An update was declined because of a row. If the row has changed, the update is decided again. */
const confirmedRow = (confirmed: Positions, stored: StoredLoan): Outcomes => {
  const { applicationReference, version } = stored.loan
  return [[stored, confirmed.has(entryKey(applicationReference, version)) ? nothingWritten : stale]]
}
