import { Clock, Effect } from "effect"

/** The shortest time between two lines of one warning. */
export const warnEveryMs = 60_000

/**
 * Makes a warning about frequent events: at most one line a minute, with the number of events since the last line.
 *
 * @param counted the name of that number in the line
 */
export function makeWarning(
  message: string,
  counted: string,
): (annotations: Readonly<Record<string, unknown>>) => Effect.Effect<void> {
  let warnedAt = -Infinity
  let since = 0
  return (annotations) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      since++
      if (now - warnedAt < warnEveryMs) return Effect.void
      const count = since
      warnedAt = now
      since = 0
      return Effect.annotateLogs(Effect.logWarning(message), { ...annotations, [counted]: count })
    })
}
