import { Effect } from "effect"
import type { RejectionCode } from "./callback-answer.ts"
import { makeTelling } from "./telling.ts"

/** Their cause has a line of its own in the log. */
const toldElsewhere: ReadonlySet<RejectionCode> = new Set(["internal-error", "store-unavailable"])

/**
 * Warns that callbacks are refused, at most once a minute for each account and reason, with how many there were since the warning
 * before. It says nothing that the sender wrote; an account that we do not have has no name.
 */
export function makeRefusalWarning(): (account: string, code: RejectionCode) => Effect.Effect<void> {
  const tellings = new Map<string, ReturnType<typeof makeTelling>>()
  return (account, code) => {
    if (toldElsewhere.has(code)) return Effect.void
    const key = `${account} ${code}`
    const telling = tellings.get(key) ?? makeTelling()
    tellings.set(key, telling)
    return Effect.flatMap(telling, (callbacks) =>
      callbacks === undefined
        ? Effect.void
        : Effect.annotateLogs(Effect.logWarning("a callback was refused"), { account, code, callbacks }),
    )
  }
}
