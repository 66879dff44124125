import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Instant } from "@loan-engine/domain/instant"
import { operatorNameLengthMax, rulingReasonLengthMax } from "@loan-engine/domain/loan-event"
import type { Verdict } from "@loan-engine/domain/loan-event"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import { observe } from "@loan-engine/domain/loan"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { isPaidOut } from "@loan-engine/domain/standing"
import { Clock, Effect, Schema } from "effect"
import { LoanEngine, LoanMoved } from "./engine.ts"
import type { RecordResult } from "./engine.ts"
import type { StoredEntry } from "../journal/entry.ts"
import { replay } from "../journal/entry.ts"
import type { StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"

/** No loan of this reference is known: none was registered, and no callback has spoken of it. */
export class LoanUnknown extends Schema.TaggedError<LoanUnknown>()("LoanUnknown", {
  applicationReference: Schema.String,
}) {
  override get message(): string {
    return `No loan ${this.applicationReference} is known: none was registered, and no callback has spoken of it.`
  }
}

/** The ruling cannot be made like this; `message` says what to change. */
export class RulingRefused extends Schema.TaggedError<RulingRefused>()("RulingRefused", {
  message: Schema.String,
}) {}

/** A person's word on a loan that the bank has contradicted itself about. */
export interface Ruling {
  readonly decision: Verdict
  /** Who rules: a name that a reviewer can ask. */
  readonly by: string
  readonly reason: string
}

export interface RulingOptions {
  /** The version of the loan that was looked at; a later one is not ruled on unseen. */
  readonly ifVersion?: number | undefined
  /** Rule on a loan that is not in dispute, which reverses or settles what the bank has said alone. */
  readonly undisputed?: boolean
  /** Who hands the ruling over, as the engine knows it; `by` is what they say of themselves. */
  readonly through?: string | undefined
}

export const knownLoan = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
): Effect.fn.Return<StoredLoan, LoanUnknown | StoreUnavailable, LoanEngine> {
  const engine = yield* LoanEngine
  const stored = yield* engine.loan(applicationReference)
  return stored ?? (yield* new LoanUnknown({ applicationReference }))
})

/** What a ruling would do to the loan as it stands; nothing is written. */
export const previewRuling = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
  ruling: Ruling,
  options: RulingOptions = {},
): Effect.fn.Return<Decision, LoanUnknown | RulingRefused | LoanMoved | StoreUnavailable, LoanEngine> {
  const { loan } = yield* judged(applicationReference, ruling, options)
  return observe(loan, observationOf(loan, ruling, options, yield* Clock.currentTimeMillis))
})

/** Rules, through the one path in, on the loan at the version that was looked at. */
export const rule = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
  ruling: Ruling,
  options: RulingOptions = {},
): Effect.fn.Return<RecordResult, LoanUnknown | RulingRefused | LoanMoved | StoreUnavailable, LoanEngine> {
  const engine = yield* LoanEngine
  const { loan } = yield* judged(applicationReference, ruling, options)
  const observation = observationOf(loan, ruling, options, yield* Clock.currentTimeMillis)
  return yield* engine.recordAt(loan.version, observation, rawRuling(observation, ruling))
})

const judged = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
  ruling: Ruling,
  { ifVersion, undisputed = false }: RulingOptions,
) {
  const fault = rulingFault(ruling)
  if (fault !== undefined) return yield* new RulingRefused({ message: fault })
  const stored = yield* knownLoan(applicationReference)
  const { loan } = stored
  if (ifVersion !== undefined && ifVersion !== loan.version) {
    return yield* new LoanMoved({ applicationReference, expected: ifVersion })
  }
  if (loan.stage !== "disputed" && !undisputed) {
    return yield* new RulingRefused({
      message: `${applicationReference} is not in dispute but ${loan.stage}: say so explicitly to rule on it all the same.`,
    })
  }
  return stored
})

function rulingFault({ by, reason }: Ruling): string | undefined {
  if (by.trim() === "" || by.length > operatorNameLengthMax) {
    return `Say who rules, in 1 to ${operatorNameLengthMax} characters.`
  }
  if (reason.trim() === "" || reason.length > rulingReasonLengthMax) {
    return `Give the reason, in 1 to ${rulingReasonLengthMax} characters.`
  }
  return undefined
}

const observationOf = (
  { applicationReference, account, facts }: Loan,
  { decision, by, reason }: Ruling,
  { through }: RulingOptions,
  at: Instant,
): Observation => ({
  applicationReference,
  account,
  source: "operator",
  evidence: "operator",
  receivedAt: at,
  ...(through === undefined ? {} : { through }),
  events: [
    {
      type: "dispute.ruled",
      at,
      decision,
      by,
      reason,
      ...(decision === "rejected" && isPaidOut(facts) ? { overrulesPayOut: true as const } : {}),
    },
  ],
})

const rawRuling = ({ receivedAt }: Observation, { decision, by, reason }: Ruling): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ action: "rule", at: receivedAt, by, decision, reason }))

/**
 * What was known of a loan at a moment: the fold of what was recorded until then; `undefined` if nothing was. It ends at the
 * first entry of later, so that a clock that was set back makes no history that never was.
 */
export function knownAt(entries: ReadonlyArray<StoredEntry>, at: Instant): Loan | undefined {
  const later = entries.findIndex(({ recordedAt }) => recordedAt > at)
  return replay(later === -1 ? entries : entries.slice(0, later))
}
