import { hash } from "node:crypto"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { replayJournal } from "@loan-engine/app/audit/replay-journal"
import { verifyJournal } from "@loan-engine/app/audit/verify-journal"
import type { LoanEngine } from "@loan-engine/app/record/engine"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import type { LoanStore } from "@loan-engine/app/ports/loan-store"
import { openConnection } from "@loan-engine/app/store/sqlite/connection"
import { migrate } from "@loan-engine/app/store/sqlite/schema"
import { makeCommit } from "@loan-engine/app/store/sqlite/writes"
import type { WriteJob } from "@loan-engine/app/store/sqlite/writes"
import { sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { DecimalText } from "@loan-engine/domain/decimal-text"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import type { Context } from "effect"
import type { Figure } from "./figure.ts"
import { compare } from "./figure.ts"
import { rate, withSqliteEngine } from "./sqlite-engine.ts"
import type { SqliteEngine } from "./sqlite-engine.ts"

/** How many records run at the same time, and how many a contender writes in a round. */
const recordsAtOnce = 64
const recordsEach = 4_000

const account = AccountName.make("default")
const raw = new TextEncoder().encode(
  JSON.stringify({ externalApplicationEvent: { applicationEventType: "SIGNED" }, jwsData: "x".repeat(600) }),
)

let recorded = 0

/** The first report about a new loan. A burst of callbacks consists of such reports. */
function observation(): Observation {
  return {
    applicationReference: ApplicationReference.make(`bench-${recorded++}`),
    account,
    source: "callback",
    evidence: "jws",
    receivedAt: 1_000,
    events: [{ type: "agreement.signed", at: 1_000 }],
  }
}

/**
 * `record` in process, beside a bare group commit of the same bytes. Also the reading and checking of the whole
 * journal.
 */
export const recordFigures = (rounds: number): Promise<ReadonlyArray<Figure>> =>
  withSqliteEngine((opened) => figuresOf(opened, rounds))

async function figuresOf(
  { engine, context, directory }: SqliteEngine,
  rounds: number,
): Promise<ReadonlyArray<Figure>> {
  const bare = bareInserts(join(directory, "floor.sqlite"))
  try {
    const direct = await compare(
      {
        name: "record_direct",
        what: `record in process, ${recordsAtOnce} at once, beside a bare group-committed insert of the same bytes`,
        unit: "records/s",
        goal: 0.5,
        ours: () => rate(recordsEach, () => Effect.runPromise(recordAll(engine))),
        floor: () => rate(recordsEach, bare.insertAll),
      },
      rounds,
    )
    const statements = await compare(
      {
        name: "record_statements",
        what: "the statements that a record takes, with nothing of the engine around them, beside the same bare insert",
        unit: "records/s",
        goal: null,
        ours: () => rate(recordsEach, bareStatements(join(directory, "statements.sqlite"))),
        floor: () => rate(recordsEach, bare.insertAll),
      },
      rounds,
    )
    const long = await longLoanFigure(engine, rounds)
    return [direct, statements, long, ...(await auditFigures(context, rounds))]
  } finally {
    bare.close()
  }
}

const recordAll = (engine: LoanEngine["Service"]) =>
  Effect.forEach(Array.from({ length: recordsEach }), () => engine.record(observation(), raw), {
    concurrency: recordsAtOnce,
    discard: true,
  })

/** How many entries a long loan has, and how many more a contender adds in a round. */
const longLoanEntries = 6_000
const moreEntries = 256

/**
 * Records a different offer each time on one loan. The cost of a record must not depend on the length of the loan's
 * history.
 */
async function longLoanFigure(engine: LoanEngine["Service"], rounds: number): Promise<Figure> {
  let offers = 0
  const offersOn = (reference: string, count: number) =>
    Effect.forEach(
      Array.from({ length: count }),
      () => {
        const at = 1_000 + offers++
        const events = [
          { type: "decision.approved", at, offer: { approvedAmount: DecimalText.make(`${at}`) } },
        ] as const
        const body = new TextEncoder().encode(`${at}`)
        return engine.record(
          { ...observation(), applicationReference: ApplicationReference.make(reference), events },
          body,
        )
      },
      { discard: true },
    )
  await Effect.runPromise(offersOn("long", longLoanEntries))
  let short = 0
  const more = (reference: string) =>
    rate(moreEntries, () => Effect.runPromise(offersOn(reference, moreEntries)))
  return compare(
    {
      name: "record_long_loan",
      what: `record on a loan of ${longLoanEntries} entries and more, each with another offer, beside the same on a new loan`,
      unit: "records/s",
      goal: 0.5,
      ours: () => more("long"),
      floor: () => more(`short-${short++}`),
    },
    rounds,
  )
}

/**
 * Verifies the whole journal, as the commands do, with and without applying it again. The floor only reads the rows
 * and computes their digests.
 */
async function auditFigures(
  journal: Context.Context<LoanStore | JournalStore>,
  rounds: number,
): Promise<ReadonlyArray<Figure>> {
  const sound = (findings: ReadonlyArray<unknown>): void => {
    if (findings.length > 0) throw new Error("the journal is not sound")
  }
  const verify = Effect.gen(function* () {
    const { rows, findings } = yield* verifyJournal([])
    sound(findings)
    return rows
  })
  const replay = Effect.gen(function* () {
    const { rows, findings } = yield* replayJournal()
    sound(findings)
    return rows
  })
  const readings = Effect.gen(function* () {
    const { feedRows } = yield* JournalStore
    let read = 0
    for (let after = 0; ;) {
      const rows = yield* feedRows({ after, limit: feedPageRows })
      const last = rows.at(-1)
      if (last === undefined) return read
      for (const { text, raw } of rows) hash("sha256", text + hash("sha256", raw ?? ""))
      read += rows.length
      after = last.position
    }
  })
  const rowsPerSecond = async (
    work: Effect.Effect<number, unknown, LoanStore | JournalStore>,
  ): Promise<number> => {
    const begun = performance.now()
    const rows = await Effect.runPromise(Effect.provideContext(work, journal))
    return (rows * 1_000) / (performance.now() - begun)
  }
  const figureOf = (name: string, what: string, audit: typeof verify) =>
    compare(
      {
        name,
        what: `${what}, beside reading its rows and digesting their bytes`,
        unit: "rows/s",
        goal: null,
        ours: () => rowsPerSecond(audit),
        floor: () => rowsPerSecond(readings),
      },
      rounds,
    )
  return [
    await figureOf(
      "verify",
      "the journal verified: hash, form, chain, digest, snapshot, and its fold",
      verify,
    ),
    await figureOf("replay", "the journal re-folded", replay),
  ]
}

const feedPageRows = 500

/** The cost in SQLite of a loan's row, its journal row and their indexes. `record` cannot be faster than this. */
function bareStatements(path: string): () => Promise<void> {
  const database = openConnection({ path, ...sqliteDefaults })
  migrate(database, path)
  const commit = makeCommit(database, { fault: () => undefined, expect: () => {} })
  const content = "c".repeat(bytesOfContent)
  const snapshot = "s".repeat(bytesOfSnapshot)
  const hashText = "h".repeat(64)
  const job = (): WriteJob => {
    const reference = `bench-${recorded++}`
    const dueAt = 10_000 + (recorded % 4_000)
    const loan = [reference, account, 1, "signed", null, 0, snapshot, hashText, dueAt, 0, 1, 0, null]
    return [
      { statement: "openLoan", parameters: loan },
      { statement: "append", parameters: [reference, 1, content, raw, hashText] },
    ]
  }
  return async () => {
    for (let done = 0; done < recordsEach; done += recordsAtOnce) {
      const outcomes = commit(Array.from({ length: recordsAtOnce }, job))
      if (outcomes.some(({ state }) => state !== "written")) throw new Error("a statement was refused")
    }
    database.close()
  }
}

/** The lengths of an entry's text and of a loan's snapshot for such a callback. */
const bytesOfContent = 550
const bytesOfSnapshot = 400

/**
 * The floor: a table of bytes with a key. It makes as many inserts in a transaction as wait, with full
 * synchronisation. So it shows the cost of durability alone.
 */
function bareInserts(path: string) {
  const database = new DatabaseSync(path)
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)",
  )
  const insert = database.prepare("INSERT INTO rows (body) VALUES (?)")
  let waiting: Array<() => void> = []
  const commit = (): void => {
    const batch = waiting
    waiting = []
    database.exec("BEGIN IMMEDIATE")
    for (const _ of batch) insert.run(raw)
    database.exec("COMMIT")
    for (const done of batch) done()
  }
  const one = (): Promise<void> =>
    new Promise((done) => {
      if (waiting.length === 0) setImmediate(commit)
      waiting.push(done)
    })
  const insertAll = async (): Promise<void> => {
    let left = recordsEach
    const worker = async (): Promise<void> => {
      while (left-- > 0) await one()
    }
    await Promise.all(Array.from({ length: recordsAtOnce }, worker))
  }
  return { insertAll, close: () => database.close() }
}
