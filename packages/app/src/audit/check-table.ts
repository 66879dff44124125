import { findingMeanings } from "./finding.ts"
import type { FindingCode } from "./finding.ts"

/** Checks by the code of what each finds: facts in a table, so that each can be shown to be needed. */
export type CheckTable<Check> = Partial<Record<FindingCode, Check>>

const isCode = (name: string): name is FindingCode => name in findingMeanings

/** Runs every check of a table; gives the codes of those that found something, each with what it found. */
export function failing<Check, Found>(
  checks: CheckTable<Check>,
  run: (check: Check) => Found | undefined,
): ReadonlyArray<readonly [FindingCode, Found]> {
  const failed: Array<readonly [FindingCode, Found]> = []
  for (const [code, check] of Object.entries<Check | undefined>(checks)) {
    const found = check === undefined ? undefined : run(check)
    if (found !== undefined && isCode(code)) failed.push([code, found])
  }
  return failed
}
