import { userInfo } from "node:os"
import { Effect, References } from "effect"

/** The user of a command, for the journal: the system's user name, or the user's number if there is no name. */
export const commandUser: Effect.Effect<string> = Effect.sync(() => {
  try {
    return `command line: ${userInfo().username}`
  } catch {
    return `command line: user ${process.getuid?.() ?? "unknown"}`
  }
})

/** Logs who ran a command whose effect has no row in the journal. */
export const logUser = (
  did: string,
  fields: Readonly<Record<string, string | number>>,
): Effect.Effect<void> =>
  Effect.flatMap(commandUser, (by) => Effect.annotateLogs(Effect.logInfo(did), { ...fields, by })).pipe(
    // Commands log only warnings otherwise.
    Effect.provideService(References.MinimumLogLevel, "Info"),
  )
