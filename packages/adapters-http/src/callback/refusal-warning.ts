import { Effect } from "effect"
import type { RejectionCode } from "./answer.ts"
import { makeWarning } from "../telemetry/rare-warning.ts"

/** The codes of refusals that have their own log line. */
const warnedElsewhere: ReadonlySet<RejectionCode> = new Set(["internal-error", "store-unavailable"])

/**
 * Warns that callbacks are refused, at most once a minute for each account and code. The warning contains nothing
 * from the sender. For an unknown account, the name is empty.
 */
export function makeRefusalWarning(): (account: string, code: RejectionCode) => Effect.Effect<void> {
  const warnings = new Map<string, ReturnType<typeof makeWarning>>()
  return (account, code) => {
    if (warnedElsewhere.has(code)) return Effect.void
    const key = `${account} ${code}`
    const warn = warnings.get(key) ?? makeWarning("a callback was refused", "callbacks")
    warnings.set(key, warn)
    return warn({ account, code })
  }
}
