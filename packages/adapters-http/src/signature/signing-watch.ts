import { Effect } from "effect"
import { makeWarning } from "../telemetry/rare-warning.ts"

/**
 * Whether an account's bank signs its callbacks. If a store keeps this, it survives restarts and applies to all
 * engines.
 */
export interface Signs {
  /** Whether a signature that binds its callback was ever seen. */
  readonly isSeen: () => boolean
  /** Remembers that such a signature was seen. It is called for each one, so it should do its work only once. */
  readonly see: Effect.Effect<void>
}

/** Remembers this as long as the process runs. */
export function signsInMemory(): Signs {
  let isSeen = false
  return { isSeen: () => isSeen, see: Effect.sync(() => void (isSeen = true)) }
}

/** Warns that callbacks lack a signature, at most once a minute. */
export function makeMissingSignatureWarning(account: string): Effect.Effect<void> {
  const warn = makeWarning(
    "a callback has no signature, but this account's bank signs its callbacks. The callback is held, and the engine asks the bank. " +
      "Somebody else may have the callback credentials",
    "callbacks",
  )
  return Effect.suspend(() => warn({ account }))
}
