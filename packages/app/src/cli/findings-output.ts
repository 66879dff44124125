import type { Finding } from "../audit/finding.ts"
import { Console, Effect } from "effect"
import { visibleText } from "../base/visible-text.ts"
import type { StoreUnsound } from "../copy/judged.ts"
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

/** Prints the findings in a store, and fails. Used before a copy, a backup or a restore. */
export const reportUnsound = (unsound: StoreUnsound): Effect.Effect<never, FoundWrong> =>
  Effect.andThen(
    Console.error(findingLines(unsound).map(visibleText).join("\n")),
    Effect.fail(new FoundWrong({ message: unsound.message })),
  )

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
    `${findingsCount === 1 ? "one part of the store is" : `${findingsCount} parts of the store are`} altered or damaged. Keep a ` +
    "copy for examination before you do anything else with the store."
  return findings.some(({ code }) => code === "store-damaged")
    ? new FoundDamaged({ message })
    : new FoundWrong({ message })
}
