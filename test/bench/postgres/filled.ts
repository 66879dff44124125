import { DecimalText } from "@loan-engine/domain/decimal-text"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { Effect } from "effect"
import { openEngine, scoped } from "../../stores/postgres/engines.ts"
import { query } from "../../stores/postgres/server.ts"
import { body } from "./bodies.ts"

/** The reference of a filled loan. The numbers begin with 0. */
export const filledReference = (number: number): string => `filled-${String(number).padStart(9, "0")}`

const rowsEach = 100_000
const sessions = 2

const template = filledReference(0)
/** The loan is approved and has an offer, so the engine only polls for its status. */
const decided: LoanEvent = {
  type: "decision.approved",
  at: 1_000,
  offer: { approvedAmount: DecimalText.make("10000"), interest: DecimalText.make("12.3") },
}
/** When the filled loans' polls are due: long after the measurement. */
const laterMs = 4_000_000_000_000

const columns = {
  loans: [
    "account, version, stage, snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled, external_reference",
    `account, version, stage, replace(snapshot, '${template}', copy.reference), chain_head, ${laterMs} + copy.number,
      poll_attempts, poll_confirm, stalled, external_reference`,
  ],
  journal: [
    "version, position, account, source, evidence, digest, content, raw, hash",
    `version, position, account, source, evidence, digest, replace(content, '${template}', copy.reference), raw, hash`,
  ],
} as const

const copies = Object.entries(columns).map(
  ([table, [into, from]]) => `
    INSERT INTO loan_engine.${table} (application_reference, ${into})
    SELECT copy.reference, ${from} FROM loan_engine.${table} CROSS JOIN (
      SELECT number, 'filled-' || lpad(number::text, 9, '0') AS reference
      FROM generate_series($1::int, $2::int) AS number) AS copy
    WHERE application_reference = '${template}'`,
)

/**
 * Fills an empty database with this many loans. Each has one journal row and a poll that is planned far ahead. The
 * engine records the first loan; the others are copies under other references. So every column is as long as that of
 * a recorded loan.
 */
export async function fill(url: string, loans: number): Promise<void> {
  await scoped(
    Effect.gen(function* () {
      const engine = yield* openEngine(url)
      yield* engine.record(template, [decided], body)
    }),
  )
  let next = 1
  const session = async (): Promise<void> => {
    while (next < loans) {
      const from = next
      const to = Math.min(from + rowsEach, loans)
      next = to
      for (const sql of copies) await query(url, sql, [from, to - 1])
    }
  }
  await Promise.all(Array.from({ length: sessions }, session))
  await query(url, "VACUUM (ANALYZE) loan_engine.loans")
  await query(url, "VACUUM (ANALYZE) loan_engine.journal")
  await query(url, "CHECKPOINT")
}

/** How many bytes a loan with one journal row takes, by table and index. */
export interface BytesPerLoan {
  readonly loans: number
  readonly loansIndexes: number
  readonly journal: number
  readonly journalIndexes: number
}

/** The bytes on disk for each loan, table by table. */
export async function bytesPerLoan(url: string): Promise<BytesPerLoan> {
  const [row] = await query(
    url,
    `SELECT (SELECT count(*) FROM loan_engine.loans)::float8 AS count,
      sum(pg_table_size(c.oid)) FILTER (WHERE parent = 'loans')::float8 AS loans,
      sum(pg_indexes_size(c.oid)) FILTER (WHERE parent = 'loans')::float8 AS loans_indexes,
      sum(pg_table_size(c.oid)) FILTER (WHERE parent = 'journal')::float8 AS journal,
      sum(pg_indexes_size(c.oid)) FILTER (WHERE parent = 'journal')::float8 AS journal_indexes
    FROM (SELECT i.inhrelid AS oid, p.relname AS parent FROM pg_inherits i
      JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
      WHERE n.nspname = 'loan_engine' AND p.relkind = 'p') AS c`,
  )
  const of = (name: string): number => Number(row?.[name]) / Number(row?.["count"])
  return {
    loans: of("loans"),
    loansIndexes: of("loans_indexes"),
    journal: of("journal"),
    journalIndexes: of("journal_indexes"),
  }
}
