import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { openLoan, snapshotText } from "@loan-engine/domain/loan"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { startEngine } from "../whole/slice/engine-process.ts"
import type { Figure } from "./figure.ts"
import { median } from "./figure.ts"

const few = 10_000
const many = 1_000_000

/** The limits: how much the memory may differ, in MB, and how long a start may take. */
const memoryDifferenceMbMax = 20
const startSecondsMax = 1
/** How many due polls one call claims. */
const claimed = 100

interface Measured {
  readonly startSeconds: number
  readonly memoryMb: number
  readonly claimMs: number
}

/**
 * Compares an engine with ten thousand open loans and one with a million. The memory must not depend on the number of
 * loans.
 */
export async function openLoansFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  try {
    const small = await filledStore(join(directory, "few.sqlite"), few)
    const large = await filledStore(join(directory, "many.sqlite"), many)
    const withFew: Array<Measured> = []
    const withMany: Array<Measured> = []
    for (let round = 0; round < rounds; round++) {
      withFew.push(await measure(small))
      withMany.push(await measure(large))
    }
    return figures(withFew, withMany)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function figures(withFew: ReadonlyArray<Measured>, withMany: ReadonlyArray<Measured>): ReadonlyArray<Figure> {
  const of = (all: ReadonlyArray<Measured>, name: keyof Measured): number =>
    median(all.map((one) => one[name]))
  const differenceMb = Math.max(1, of(withMany, "memoryMb") - of(withFew, "memoryMb"))
  const startSeconds = of(withMany, "startSeconds")
  return [
    {
      name: "open_loans_memory",
      what: `resident memory with a million open loans, ${of(withMany, "memoryMb").toFixed(0)} MB, and with ten thousand, ${of(withFew, "memoryMb").toFixed(0)} MB: ${memoryDifferenceMbMax} MB over the difference`,
      ratio: memoryDifferenceMbMax / differenceMb,
      goal: 1,
      ours: 1 / differenceMb,
      floor: 1 / memoryDifferenceMbMax,
      unit: "1/MB",
    },
    {
      name: "open_loans_start",
      what: `from spawning the process to listening, with a million open loans: ${startSeconds.toFixed(2)} s`,
      ratio: startSecondsMax / startSeconds,
      goal: 1,
      ours: 1 / startSeconds,
      floor: 1 / startSecondsMax,
      unit: "1/s",
    },
    {
      name: "open_loans_claim",
      what: `claiming ${claimed} due polls of a million loans, ${of(withMany, "claimMs").toFixed(2)} ms, beside ten thousand, ${of(withFew, "claimMs").toFixed(2)} ms`,
      ratio: of(withFew, "claimMs") / of(withMany, "claimMs"),
      goal: 0.5,
      ours: 1 / of(withMany, "claimMs"),
      floor: 1 / of(withFew, "claimMs"),
      unit: "1/ms",
    },
  ]
}

/** When the other loans' polls are due: long after the measurement. */
const laterMs = 4_000_000_000_000

const store = (path: string) => layerSqlite({ path, ...sqliteDefaults })

/** Fills a store with this many open loans, each with a planned poll. */
export async function filledStore(path: string, loans: number): Promise<string> {
  await Effect.runPromise(Effect.scoped(Effect.provide(LoanStore, store(path))))
  const template = openLoan(ApplicationReference.make("TEMPLATE"), AccountName.make("default"))
  const database = new DatabaseSync(path)
  database
    .prepare(`
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
      INSERT INTO loans (application_reference, account, version, stage, snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled)
      SELECT printf('bench-%07d', n), 'default', 1, 'submitted', replace(?, 'TEMPLATE', printf('bench-%07d', n)), '', ? + n, 0, 0, 0
      FROM numbers`)
    .run(loans, snapshotText({ ...template, version: 1, registered: true }), laterMs)
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)")
  database.close()
  return path
}

async function measure(path: string): Promise<Measured> {
  const begun = performance.now()
  const engine = await startEngine(path)
  const startSeconds = (performance.now() - begun) / 1_000
  // After this answer the engine has not only opened the store but also read from it.
  await engine.api("GET", "/v1/loans/bench-0000001")
  const memoryMb =
    Number(execFileSync("ps", ["-o", "rss=", "-p", String(engine.pid)], { encoding: "utf8" })) / 1_024
  await engine.stop()
  return { startSeconds, memoryMb, claimMs: await claimTime(path) }
}

/** How long it takes to claim polls that have just come due. */
const claimTime = (path: string): Promise<number> =>
  Effect.gen(function* () {
    const { claimDue } = yield* LoanStore
    const line = { account: AccountName.make("default"), confirm: false }
    const due = { ...line, now: laterMs + claimed, limit: claimed, leaseMs: 0 }
    yield* claimDue({ ...due, limit: 1 })
    const begun = performance.now()
    const taken = yield* claimDue(due)
    const took = performance.now() - begun
    if (taken.length < claimed - 1) return yield* Effect.die(`only ${taken.length} polls were due`)
    return took
  }).pipe(Effect.provide(store(path)), Effect.runPromise)
