import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite"
import { entryColumns, loanColumns } from "../rows.ts"

const loansPage = (condition: string, index = ""): string => `
  SELECT ${loanColumns()} FROM loans ${index}
  WHERE account = ? ${condition} AND application_reference >= ? AND application_reference < ?
  ORDER BY application_reference LIMIT ?`

/** The statements that read many loans, by name. Each reads a range of one index. */
export const readStatements = {
  loans: loansPage(""),
  loansAtStage: loansPage("AND stage = ?", "INDEXED BY loans_by_stage"),
  loansStalled: loansPage("AND stalled = 1"),
  loansClosed: loansPage("AND closed = 1"),
  loansNamed: loansPage("AND external_reference = ?"),
  loansOf: `SELECT ${loanColumns()} FROM loans WHERE application_reference IN (SELECT value FROM json_each(?))`,
  history: `
    SELECT ${entryColumns} FROM journal
    WHERE application_reference = ? AND version > ? ORDER BY version LIMIT ?`,
  // It begins with the newest version. So it reads only the versions that the caller is going to read.
  versionAt: `
    SELECT version FROM journal
    WHERE application_reference = ? AND position <= ? ORDER BY version DESC LIMIT 1`,
  feed: "SELECT position, content, hash FROM journal WHERE position > ? ORDER BY position LIMIT ?",
  // The account is bound twice, because node:sqlite of Node 22.19 cannot use one numbered parameter in two places.
  stageCounts: `
    SELECT stage, sum(loans) AS loans, sum(closed) AS closed FROM (
      SELECT stage, count(*) AS loans, 0 AS closed FROM loans WHERE account = ? GROUP BY stage
      UNION ALL
      SELECT stage, -count(*), count(*) FROM loans WHERE account = ? AND closed = 1 GROUP BY stage)
    GROUP BY stage`,
  stalledCount: "SELECT count(*) AS loans FROM loans WHERE account = ? AND stalled = 1",
  // Each step finds the next account. So the index is read once for each account, and not once for each loan.
  accounts: `
    WITH RECURSIVE found (account) AS (
      SELECT min(account) FROM loans
      UNION ALL
      SELECT (SELECT min(account) FROM loans WHERE account > found.account) FROM found
      WHERE found.account IS NOT NULL)
    SELECT account FROM found WHERE account IS NOT NULL`,
} as const

export type ReadName = keyof typeof readStatements
export type ReadRow = Record<string, SQLOutputValue>

/** One read. It is plain data, because it is sent to another thread. */
export interface Read {
  readonly statement: ReadName
  readonly parameters: ReadonlyArray<SQLInputValue>
}

/** Runs reads. Each statement is prepared once. */
export function makeRead(database: DatabaseSync): (read: Read) => ReadonlyArray<ReadRow> {
  const prepared = new Map<ReadName, StatementSync>()
  return ({ statement, parameters }) => {
    const known = prepared.get(statement) ?? database.prepare(readStatements[statement])
    prepared.set(statement, known)
    return known.all(...parameters)
  }
}
