import { Effect } from "effect"
import type { RejectionCode } from "./answer.ts"
import { makeWarning } from "../telemetry/rare-warning.ts"

/** Their cause has a line of its own in the log. */
const warnedElsewhere: ReadonlySet<RejectionCode> = new Set(["internal-error", "store-unavailable"])

/**
 * Warns that callbacks are refused, at most once a minute for each account and reason. It says nothing that the sender wrote; an
 * account that we do not have has no name.
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
