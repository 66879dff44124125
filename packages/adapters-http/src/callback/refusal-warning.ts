import { Effect } from "effect"
import type { RejectionCode } from "./answer.ts"
import { makeWarning } from "../telemetry/rare-warning.ts"

/** Refusals whose cause has its own line in the log. */
const warnedElsewhere: ReadonlySet<RejectionCode> = new Set(["internal-error", "store-unavailable"])

/**
 * Warns that callbacks are refused, at most once a minute for each account and reason. The warning contains nothing
 * that the sender wrote. An unknown account has no name in it.
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
