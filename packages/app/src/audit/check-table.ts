import { findingMeanings } from "./finding.ts"
import type { FindingCode } from "./finding.ts"

/** The checks, by the code of their findings. A test leaves out one at a time to show that each is needed. */
export type CheckTable<Check> = Partial<Record<FindingCode, Check>>

const isCode = (name: string): name is FindingCode => name in findingMeanings

/** Runs every check of a table. The result is the code and the text of each finding. */
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
