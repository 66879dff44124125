import type { Instant } from "@loan-engine/domain/instant"
import { Console } from "effect"
import type { Effect } from "effect"
import { Flag } from "effect/cli"
import { visibleText } from "../base/visible-text.ts"

/** `--json`: one JSON value on standard output, and nothing else. */
export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON value for programs instead of lines for people"),
  Flag.withDefault(false),
)

/** Prints the value as JSON, or the lines as text. */
export const print = (json: boolean, value: unknown, lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Console.log(json ? visibleText(JSON.stringify(value)) : lines.map(visibleText).join("\n"))

/** A table: its head, then the rows. Each column is as wide as its widest cell, as it is shown. */
export function table(
  head: ReadonlyArray<string>,
  cells: ReadonlyArray<ReadonlyArray<string>>,
): ReadonlyArray<string> {
  const rows = cells.map((row) => row.map(visibleText))
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: ReadonlyArray<string>): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
  return [line(head), ...rows.map(line)]
}

/** Names and values, aligned, one on each line. */
export function facts(pairs: ReadonlyArray<readonly [name: string, value: string]>): ReadonlyArray<string> {
  const width = Math.max(0, ...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/** An instant as ISO 8601 text in UTC. */
export const iso = (at: Instant): string => new Date(at).toISOString()

export const isoOrDash = (at: Instant | null): string => (at === null ? "-" : iso(at))
