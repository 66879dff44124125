import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { ClosureReason } from "@loan-engine/domain/closure"
import type { Instant } from "@loan-engine/domain/instant"
import { closingNoteLengthMax, operatorNameLengthMax } from "@loan-engine/domain/loan-event"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Loan } from "@loan-engine/domain/loan"
import type { ApplicationReference, Observation } from "@loan-engine/domain/observation"
import { isClosed, standing } from "@loan-engine/domain/standing"
import { Clock, Effect, Schema } from "effect"
import { LoanEngine } from "./engine.ts"
import type { LoanMoved } from "./engine.ts"
import type { StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { knownLoan } from "./known-loan.ts"
import type { LoanUnknown } from "./known-loan.ts"
import { operatorsWord, requireVersion } from "./operators-word.ts"

/** This request can neither close the loan nor reopen it. `message` says what to change. */
export class ClosingRefused extends Schema.TaggedError<ClosingRefused>()("ClosingRefused", {
  message: Schema.String,
}) {}

/** An operator's request to close an application, because nobody pursues it any more, or to open it again. */
export type Closing = {
  /** Who makes the request. It must be the name of a person whom a reviewer can ask. */
  readonly by: string
  readonly note?: string | undefined
} & ({ readonly closes: true; readonly reason: ClosureReason } | { readonly closes: false })

export interface ClosingOptions {
  /** The version of the loan that the person saw. If the loan has a later version, nothing is written. */
  readonly ifVersion?: number | undefined
  /**
   * Who sent the request: the name of an API key, or the user of a command. `by` is the name that the sender gave.
   */
  readonly through?: string | undefined
}

/** The loan after the request. `isNews` is false if the loan already was in the requested state. */
export interface ClosureSet {
  readonly stored: StoredLoan
  readonly isNews: boolean
}

/**
 * Closes or reopens a loan through `record`, at the version that the person saw. If the loan already is in the
 * requested state, nothing is written.
 */
export const setClosure = (
  applicationReference: ApplicationReference,
  closing: Closing,
  options: ClosingOptions = {},
): Effect.Effect<ClosureSet, LoanUnknown | ClosingRefused | LoanMoved | StoreUnavailable, LoanEngine> =>
  set(applicationReference, closing, options).pipe(
    // A request without a version applies to the loan's current version.
    Effect.retry({ while: ({ _tag }) => _tag === "LoanMoved" && options.ifVersion === undefined, times: 10 }),
  )

const set = Effect.fnUntraced(function* (
  applicationReference: ApplicationReference,
  closing: Closing,
  { ifVersion, through }: ClosingOptions,
): Effect.fn.Return<ClosureSet, LoanUnknown | ClosingRefused | LoanMoved | StoreUnavailable, LoanEngine> {
  const fault = closingFault(closing)
  if (fault !== undefined) return yield* new ClosingRefused({ message: fault })
  const stored = yield* knownLoan(applicationReference)
  const { loan } = stored
  if (isSaid(loan, closing)) return { stored, isNews: false }
  yield* requireVersion(loan, ifVersion)
  if (!closing.closes && !isClosed(loan.facts))
    return yield* new ClosingRefused({ message: `${applicationReference} is not closed.` })
  const at = yield* Clock.currentTimeMillis
  const observation = operatorsWord(loan, at, through, [eventOf(loan, closing, at)])
  const engine = yield* LoanEngine
  yield* engine.recordAt(loan.version, observation, rawClosing(observation, closing))
  return { stored: yield* knownLoan(applicationReference), isNews: true }
})

/** Whether the loan already is in the requested state. This happens if a request is sent twice. */
export function isSaid({ facts: { closure }, facts }: Loan, closing: Closing): boolean {
  if (closure === undefined || closure.by !== closing.by || closure.note !== (closing.note ?? null))
    return false
  return closing.closes ? isClosed(facts) && closure.reason === closing.reason : closure.reason === null
}

function closingFault(closing: Closing): string | undefined {
  const { by, note } = closing
  if (by.trim() === "" || by.length > operatorNameLengthMax)
    return `Say who closes or reopens the loan, in 1 to ${operatorNameLengthMax} characters.`
  if (note !== undefined && (note.trim() === "" || note.length > closingNoteLengthMax))
    return `Write a note of 1 to ${closingNoteLengthMax} characters, or none.`
  if (closing.closes && closing.reason === "other" && note === undefined)
    return 'Add a note that says why the loan is closed, because the reason "other" does not.'
  return undefined
}

function eventOf({ facts }: Loan, closing: Closing, at: Instant): LoanEvent {
  const { by, note } = closing
  const said = { at, by, ...(note === undefined ? {} : { note }) }
  if (!closing.closes) return { type: "loan.reopened", ...said }
  const approved = isApprovalKnown(facts) ? { approved: true as const } : {}
  return { type: "loan.closed", closedFor: closing.reason, ...approved, ...said }
}

/** Whether an approval is in force or in dispute. If so, a repeat of this approval will be no progress. */
const isApprovalKnown = (facts: Loan["facts"]): boolean => {
  const stands = standing(facts)
  return stands === "approved" || (stands === "contradicted" && facts.approvedAt !== null)
}

const rawClosing = ({ receivedAt }: Observation, { by, note, ...closing }: Closing): Uint8Array =>
  new TextEncoder().encode(
    canonicalJson({
      action: closing.closes ? "close" : "reopen",
      at: receivedAt,
      by,
      note: note ?? null,
      reason: closing.closes ? closing.reason : null,
    }),
  )
