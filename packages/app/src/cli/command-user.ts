import { userInfo } from "node:os"
import { Effect } from "effect"

/** The user of a command, as the journal names them: the system's user name, or its number if it has no name. */
export const commandUser: Effect.Effect<string> = Effect.sync(() => {
  try {
    return `command line: ${userInfo().username}`
  } catch {
    return `command line: user ${process.getuid?.() ?? "unknown"}`
  }
})
