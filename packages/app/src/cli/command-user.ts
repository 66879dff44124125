import { userInfo } from "node:os"
import { Effect } from "effect"

/** Who runs a command, as the journal names them: the system's user, or its number where that has no name. */
export const commandUser: Effect.Effect<string> = Effect.sync(() => {
  try {
    return `command line: ${userInfo().username}`
  } catch {
    return `command line: user ${process.getuid?.() ?? "unknown"}`
  }
})
