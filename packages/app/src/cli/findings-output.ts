import type { Finding } from "../audit/finding.ts"
import { Console, Effect } from "effect"
import { visibleText } from "../base/visible-text.ts"
import type { StoreUnsound } from "../copy/judged.ts"
import { FoundDamaged, FoundWrong, unusable } from "./exit-codes.ts"
import type { CommandUnusable } from "./exit-codes.ts"

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

/**
 * Whether a store is sound. `null` for an empty store, because nothing can be said of it: a script must not take it
 * for a sound one.
 */
export const soundness = ({
  rows,
  loans,
  findingsCount,
}: Found & { readonly rows: number; readonly loans: number }): boolean | null =>
  rows === 0 && loans === 0 && findingsCount === 0 ? null : findingsCount === 0

export const storeEmpty: CommandUnusable = unusable(
  "The store is empty, so nothing was checked. If it should contain loans, this is a copy without its -wal file, or another store.",
)

export function foundUnsound({ findings, findingsCount }: Found): FoundWrong | FoundDamaged {
  const message =
    `${findingsCount === 1 ? "one part of the store is" : `${findingsCount} parts of the store are`} altered or damaged. Keep a ` +
    "copy for examination before you do anything else with the store."
  return findings.some(({ code }) => code === "store-damaged")
    ? new FoundDamaged({ message })
    : new FoundWrong({ message })
}
