import type { Finding } from "../audit/finding.ts"
import { FoundDamaged, FoundWrong } from "./exit-codes.ts"

interface Found {
  readonly findings: ReadonlyArray<Finding>
  readonly findingsCount: number
}

/** One line for each finding: its kind, loan, version and position, and what is wrong. */
export const findingLines = ({ findings, findingsCount }: Found): ReadonlyArray<string> => [
  ...findings.map((each) => [each.code, ...placeOf(each)].join("  ") + `: ${each.message}`),
  ...(findingsCount > findings.length ? [`… and ${findingsCount - findings.length} more`] : []),
]

function placeOf({ applicationReference, version, position, checkpoint }: Finding): ReadonlyArray<string> {
  return [
    ...(applicationReference === null ? [] : [`loan ${applicationReference}`]),
    ...(version === null ? [] : [`version ${version}`]),
    ...(position === null ? [] : [`position ${position}`]),
    ...(checkpoint === null ? [] : [`checkpoint ${checkpoint}`]),
  ]
}

export function foundUnsound({ findings, findingsCount }: Found): FoundWrong | FoundDamaged {
  const message =
    `${findingsCount === 1 ? "one thing is" : `${findingsCount} things are`} altered or damaged. Keep a copy of the file ` +
    "for examination before you do anything else with it."
  return findings.some(({ code }) => code === "store-damaged")
    ? new FoundDamaged({ message })
    : new FoundWrong({ message })
}
