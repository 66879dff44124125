import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Context, Effect } from "effect"
import type { Figure } from "./figure.ts"
import { compare } from "./figure.ts"
import { rate, withSqliteEngine } from "./sqlite-engine.ts"
import type { SqliteEngine } from "./sqlite-engine.ts"

/** How many open loans are polled in a round, and how many answers are recorded at the same time. */
const loans = 2_000
const answersAtOnce = 64

const account = AccountName.make("default")
const raw = new TextEncoder().encode(`<answer>${"x".repeat(600)}</answer>`)

/** The bank's answer to a poll: the loan is still approved, and the bank waits for nothing. */
const answer = (loan: number, at: number): Observation => ({
  applicationReference: ApplicationReference.make(`quiet-${loan}`),
  account,
  source: "quote",
  evidence: "bank",
  receivedAt: at,
  events: [{ type: "decision.approved", at, fresh: true, offer: {} }],
})

/** Records polls that bring nothing new. The floor updates one small row for each poll, in a group commit. */
export const quietFigures = (rounds: number): Promise<ReadonlyArray<Figure>> =>
  withSqliteEngine((opened) => figuresOf(opened, rounds))

async function figuresOf(
  { engine, context, directory }: SqliteEngine,
  rounds: number,
): Promise<ReadonlyArray<Figure>> {
  let at = 1_700_000_000_000
  const poll = (): Promise<void> => {
    at += 60_000
    const now = at
    return Effect.runPromise(
      Effect.forEach(
        Array.from({ length: loans }, (_, loan) => loan),
        (loan) => engine.record(answer(loan, now), raw),
        { concurrency: answersAtOnce, discard: true },
      ),
    )
  }
  const bare = bareUpdates(join(directory, "floor.sqlite"))
  try {
    await poll()
    const before = await rowsOf(context)
    const figure = await compare(
      {
        name: "quiet_polls",
        what: `${loans} open loans polled with nothing new, ${answersAtOnce} answers at once, beside a bare group-committed update of one small row each`,
        unit: "answers/s",
        goal: null,
        ours: () => rate(loans, poll),
        floor: () => rate(loans, bare.updateAll),
      },
      rounds,
    )
    const after = await rowsOf(context)
    if (after !== before) throw new Error(`polls that brought nothing left ${after - before} rows`)
    return [figure]
  } finally {
    bare.close()
  }
}

/** How many rows the journal holds. */
const rowsOf = (context: Context.Context<JournalStore>): Promise<number> =>
  Effect.runPromise(
    Effect.map(
      Context.get(context, JournalStore).feed({ after: 0, limit: 10 * loans }),
      (rows) => rows.length,
    ),
  )

/**
 * The floor: a table of small texts with a key. It makes as many updates in a transaction as wait, with full
 * synchronisation. So it shows the cost of durability alone.
 */
function bareUpdates(path: string) {
  const database = new DatabaseSync(path)
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, due INTEGER, mark TEXT)",
  )
  database.exec("BEGIN")
  const insert = database.prepare("INSERT INTO rows VALUES (?, 0, '')")
  for (let loan = 0; loan < loans; loan++) insert.run(loan)
  database.exec("COMMIT")
  const update = database.prepare("UPDATE rows SET due = due + 1, mark = ? WHERE id = ?")
  const mark = "m".repeat(200)
  const updateAll = async (): Promise<void> => {
    for (let done = 0; done < loans; done += answersAtOnce) {
      database.exec("BEGIN IMMEDIATE")
      for (let loan = done; loan < Math.min(loans, done + answersAtOnce); loan++) update.run(mark, loan)
      database.exec("COMMIT")
    }
  }
  return { updateAll, close: () => database.close() }
}
