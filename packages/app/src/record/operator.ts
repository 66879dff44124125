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

/** The ruling cannot be made with this request. `message` says what to change. */
export class RulingRefused extends Schema.TaggedError<RulingRefused>()("RulingRefused", {
  message: Schema.String,
}) {}

/** A person's ruling on a loan about which the bank contradicted itself. */
export interface Ruling {
  readonly decision: Verdict
  /** Who rules: the name of a person whom a reviewer can ask. */
  readonly by: string
  readonly reason: string
}

export interface RulingOptions {
  /** The version of the loan that the person saw. There is no ruling on a later version that was not seen. */
  readonly ifVersion?: number | undefined
  /** Rule on a loan that is not in dispute. This reverses or settles what the bank alone has said. */
  readonly undisputed?: boolean
  /** Who sent the ruling, as the engine knows it. `by` is the name that they give themselves. */
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

/** Rules through `record`, on the loan at the version that the person saw. */
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
 * What was known of a loan at a moment: the fold of everything recorded until then. `undefined` if there was nothing.
 * It ends at the first later entry, so that a clock that was set back does not create a history that never existed.
 */
export function knownAt(entries: ReadonlyArray<StoredEntry>, at: Instant): Loan | undefined {
  const later = entries.findIndex(({ recordedAt }) => recordedAt > at)
  return replay(later === -1 ? entries : entries.slice(0, later))
}
