import { userInfo } from "node:os"
import { Effect } from "effect"

/** The user of a command, for the journal: the system's user name, or the user's number if there is no name. */
export const commandUser: Effect.Effect<string> = Effect.sync(() => {
  try {
    return `command line: ${userInfo().username}`
  } catch {
    return `command line: user ${process.getuid?.() ?? "unknown"}`
  }
})
