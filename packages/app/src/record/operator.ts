import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Instant } from "@loan-engine/domain/instant"
import { operatorNameLengthMax, rulingReasonLengthMax } from "@loan-engine/domain/loan-event"
import type { Verdict } from "@loan-engine/domain/loan-event"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import { observe } from "@loan-engine/domain/loan"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { isPaidOut } from "@loan-engine/domain/standing"
import { Clock, Effect, Schema } from "effect"
import { LoanEngine } from "./engine.ts"
import type { LoanMoved } from "./engine.ts"
import { knownLoan } from "./known-loan.ts"
import type { LoanUnknown } from "./known-loan.ts"
import { operatorsWord, requireVersion } from "./operators-word.ts"
import type { RecordResult } from "./engine.ts"
import type { StoredEntry } from "../journal/entry.ts"
import { replay } from "../journal/entry.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"

/** This request cannot rule on the loan. `message` says what to change. */
export class RulingRefused extends Schema.TaggedError<RulingRefused>()("RulingRefused", {
  message: Schema.String,
}) {}

/** A person's ruling on a loan. Usually the loan is in dispute. */
export interface Ruling {
  readonly decision: Verdict
  /** Who rules. It must be the name of a person whom a reviewer can ask. */
  readonly by: string
  readonly reason: string
}

export interface RulingOptions {
  /** The version of the loan that the person saw. If the loan has a later version, nothing is written. */
  readonly ifVersion?: number | undefined
  /** Rule on a loan that is not in dispute. The ruling then reverses or confirms the bank's decision. */
  readonly undisputed?: boolean
  /** Who sent the ruling: the name of an API key, or the user of a command. `by` is the name that the sender gave. */
  readonly through?: string | undefined
}

/** What a ruling would do to the loan now. Nothing is written. */
export const previewRuling = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
  ruling: Ruling,
  options: RulingOptions = {},
): Effect.fn.Return<Decision, LoanUnknown | RulingRefused | LoanMoved | StoreUnavailable, LoanEngine> {
  const { loan } = yield* judged(applicationReference, ruling, options)
  return observe(loan, observationOf(loan, ruling, options, yield* Clock.currentTimeMillis))
})

/** Rules on a loan through `record`, at the version that the person saw. */
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
  yield* requireVersion(loan, ifVersion)
  if (loan.stage !== "disputed" && !undisputed) {
    return yield* new RulingRefused({
      message: `${applicationReference} is not in dispute: its stage is ${loan.stage}. To rule anyway, pass --undisputed (in the API: undisputed).`,
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
  loan: Loan,
  { decision, by, reason }: Ruling,
  { through }: RulingOptions,
  at: Instant,
): Observation => {
  const overrules = decision === "rejected" && isPaidOut(loan.facts) ? { overrulesPayOut: true as const } : {}
  return operatorsWord(loan, at, through, [{ type: "dispute.ruled", at, decision, by, reason, ...overrules }])
}

const rawRuling = ({ receivedAt }: Observation, { decision, by, reason }: Ruling): Uint8Array =>
  new TextEncoder().encode(canonicalJson({ action: "rule", at: receivedAt, by, decision, reason }))

/**
 * The loan as it was known at a time: the replay of everything recorded until then. `undefined` if nothing was. The
 * replay stops at the first entry with a later time. So if a clock was once set back, the result is still a state
 * that the loan really had.
 */
export function knownAt(entries: ReadonlyArray<StoredEntry>, at: Instant): Loan | undefined {
  const later = entries.findIndex(({ recordedAt }) => recordedAt > at)
  return replay(later === -1 ? entries : entries.slice(0, later))
}
