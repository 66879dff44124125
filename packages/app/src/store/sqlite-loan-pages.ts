import type { DatabaseSync } from "node:sqlite"
import type { AccountName } from "@loan-engine/domain/observation"
import type { LoanFilter } from "../loan-store.ts"
import { referenceRange } from "./reference-range.ts"
import { loanColumns } from "./sqlite-rows.ts"

/**
 * One page of an account's loans, in the order of their references. Who looks for a prefix wants few of many: the `+` keeps
 * the database from gathering and sorting the whole account, so that it goes through the prefix's own range of the index.
 */
export const loansPageSql = (only: "" | "stage" | "stalled" | "named", isRange: boolean): string => {
  const plus = isRange ? "+" : ""
  const condition = {
    "": "",
    stage: `AND ${plus}stage = ?`,
    stalled: `AND ${plus}stalled = 1`,
    named: "AND external_reference = ?",
  }[only]
  return `
    SELECT ${loanColumns} FROM loans
    WHERE ${plus}account = ? AND application_reference >= ? AND application_reference < ? ${condition}
    ORDER BY application_reference LIMIT ?`
}

interface LoansPage {
  readonly account: AccountName
  readonly only: LoanFilter | undefined
  readonly prefix: string
  readonly after: string
  readonly limit: number
}

/** Reads pages of loans by statements that are prepared once. */
export function loanPages(database: DatabaseSync) {
  const prepared = (isRange: boolean) => ({
    all: database.prepare(loansPageSql("", isRange)),
    atStage: database.prepare(loansPageSql("stage", isRange)),
    stalled: database.prepare(loansPageSql("stalled", isRange)),
    named: database.prepare(loansPageSql("named", isRange)),
  })
  const whole = prepared(false)
  const ranges = prepared(true)
  return ({ account, only, prefix, after, limit }: LoansPage) => {
    const { all, atStage, stalled, named } = prefix === "" ? whole : ranges
    const { from, before } = referenceRange(prefix, after)
    if (only === undefined) return all.all(account, from, before, limit)
    if ("stage" in only) return atStage.all(account, from, before, only.stage, limit)
    if ("stalled" in only) return stalled.all(account, from, before, limit)
    return named.all(account, from, before, only.externalReference, limit)
  }
}
