import { Clock, Effect } from "effect"

/** Whether an account's bank signs its callbacks. Whoever keeps it remembers it across restarts and replicas. */
export interface Signs {
  /** Whether a signature that binds its callback was ever seen. */
  readonly isSeen: () => boolean
  /** Remembers that one was seen now. */
  readonly see: Effect.Effect<void>
}

/** Remembers it as long as the process runs. */
export function signsInMemory(): Signs {
  let isSeen = false
  return { isSeen: () => isSeen, see: Effect.sync(() => void (isSeen = true)) }
}

/** The shortest time between two warnings of one account. */
const warningEveryMs = 60_000

/** Warns that callbacks lack a signature, at most once a minute, with how many there were since the warning before. */
export function makeMissingSignatureWarning(account: string): Effect.Effect<void> {
  let warnedAt = -Infinity
  let callbacks = 0
  return Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    callbacks++
    if (now - warnedAt < warningEveryMs) return
    const counted = callbacks
    warnedAt = now
    callbacks = 0
    yield* Effect.logWarning(
      "a callback came without a signature, and this account's bank signs: it is held, and the bank is asked. " +
        "Somebody else may have the callback credentials",
    ).pipe(Effect.annotateLogs({ account, callbacks: counted }))
  })
}
