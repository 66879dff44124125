import { Clock, Effect } from "effect"

/** How often the log is told of the same thing, at most. */
export const tellEveryMs = 60_000

/** Counts what may happen often. Gives how many there were since it was last told of, if it is to be told of now. */
export function makeTelling(): Effect.Effect<number | undefined> {
  let toldAt = -Infinity
  let untold = 0
  return Effect.map(Clock.currentTimeMillis, (now) => {
    untold++
    if (now - toldAt < tellEveryMs) return undefined
    const since = untold
    toldAt = now
    untold = 0
    return since
  })
}
