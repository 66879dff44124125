import { Console } from "effect"
import type { Effect } from "effect"
import { Flag } from "effect/cli"

export const jsonFlag = Flag.Boolean("json").pipe(
  Flag.withDescription("Print one JSON object instead of lines for people"),
  Flag.withDefault(false),
)

/** Prints either the one JSON object or the lines. */
export const print = (json: boolean, value: object, lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Console.log(json ? JSON.stringify(value) : lines.map(shown).join("\n"))

/** A line as a terminal may see it: what stands in a store must not move a cursor. */
const shown = (line: string): string =>
  line.replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
