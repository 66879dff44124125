import type { ClosureReason } from "./closure.ts"
import type { Facts } from "./facts.ts"
import type { Stage } from "./legal-transitions.ts"
import type { Loan } from "./loan.ts"
import type { Offer } from "./offer.ts"
import type { Instant } from "./instant.ts"
import {
  currentOffer,
  isAwaitingDocuments,
  isClosed,
  isInDoubt,
  isSigned,
  offersHeard,
  signedOffer,
  requiredDocuments,
  signingMethod,
} from "./standing.ts"

/** Who must act before the loan moves on. */
export type Actor = "bank" | "customer" | "operator" | "nobody"

/** What the loan waits for, as a code that a frontend translates. */
export type NextAction =
  | "decide"
  | "inspect-manually"
  | "sign-agreement"
  | "send-documents"
  | "pay-out"
  | "confirm-decision"
  | "rule-on-dispute"
  | "none"

/** One loan as frontends show it. Everything is derived from the facts, so a frontend has nothing to interpret. */
export interface LoanView {
  readonly applicationReference: string
  readonly account: string
  readonly registered: boolean
  /** The merchant's own name for the application, if it registered one. */
  readonly externalReference: string | null
  readonly version: number
  readonly stage: Stage
  /** Whether the bank waits for documents, in any stage. */
  readonly additionOutstanding: boolean
  /**
   * The documents that the bank waits for, by the bank's names (`ID`, `PAYMENT_SLIP`, …). Empty if only a poll
   * reported the request, because a poll names no documents.
   */
  readonly requiredDocuments: ReadonlyArray<string>
  /** The current offer. `null` before an approval, after a rejection, in a dispute, and if no offer was received. */
  readonly offer: Offer | null
  /** The offers that were received, at most ten, with the newest last. `heardAt` is when each was first received. */
  readonly offers: ReadonlyArray<{ readonly heardAt: Instant; readonly offer: Offer }>
  readonly signing: {
    readonly signed: boolean
    /** When the signature was first received. `null` if only a pay-out implies the signature. */
    readonly heardAt: Instant | null
    /** `E_SIGN`, `ANALOG`, … Only a poll names the method. */
    readonly method: string | null
    /** The signed offer. Later offers do not change it. */
    readonly offer: Offer | null
  }
  /** Whether a person has closed the application. If so, nobody has to act, in any stage. */
  readonly closed: boolean
  /** Why, by whom and when it was closed. `null` if it was never closed or is open again. */
  readonly closure: {
    readonly reason: ClosureReason
    readonly by: string
    readonly at: Instant
    readonly note: string | null
  } | null
  readonly next: { readonly actor: Actor; readonly action: NextAction }
}

const nextByStage: { readonly [S in Stage]: LoanView["next"] } = {
  submitted: { actor: "bank", action: "decide" },
  manualInspection: { actor: "bank", action: "inspect-manually" },
  approved: { actor: "customer", action: "sign-agreement" },
  rejected: { actor: "nobody", action: "none" },
  waitingForAddition: { actor: "customer", action: "send-documents" },
  signed: { actor: "bank", action: "pay-out" },
  paidOut: { actor: "nobody", action: "none" },
  disputed: { actor: "operator", action: "rule-on-dispute" },
}

/** In these stages, an open request for documents holds up the loan: the customer must act next. */
const heldUpByAddition: ReadonlySet<Stage> = new Set(["submitted", "manualInspection", "signed"])

/**
 * The engine asks the bank to confirm its decision. A person must rule only if the bank's answer does not settle the
 * dispute.
 */
const confirmed: LoanView["next"] = { actor: "bank", action: "confirm-decision" }

/** Whether the bank can be expected to confirm its decision. If not, a person must settle the dispute. */
export interface BankAsked {
  /** The bank has not answered for too long. A person must settle the dispute. */
  readonly stalled?: boolean
  /** `false` if the loan's account has no bank that the engine can ask. */
  readonly hasBank?: boolean
}

const nothing: LoanView["next"] = { actor: "nobody", action: "none" }

function closureIn({ closure }: Facts): LoanView["closure"] {
  if (closure === undefined || closure.reason === null) return null
  const { reason, by, at, note } = closure
  return { reason, by: by ?? "", at, note }
}

export function loanView(loan: Loan, { stalled = false, hasBank = true }: BankAsked = {}): LoanView {
  const { facts, stage } = loan
  const additionOutstanding = isAwaitingDocuments(loan)
  const closed = isClosed(facts)
  const heldUp = additionOutstanding && heldUpByAddition.has(stage)
  const isBankAsked = hasBank && isInDoubt(facts) && !(stalled && stage === "disputed")
  return {
    applicationReference: loan.applicationReference,
    account: loan.account,
    registered: loan.registered,
    externalReference: loan.externalReference ?? null,
    version: loan.version,
    stage,
    additionOutstanding,
    requiredDocuments: additionOutstanding ? requiredDocuments(facts) : [],
    offer: currentOffer(facts),
    offers: offersHeard(facts).map(({ at, offer }) => ({ heardAt: at, offer })),
    signing: {
      signed: isSigned(facts),
      heardAt: facts.signedAt,
      method: signingMethod(facts),
      offer: signedOffer(facts),
    },
    closed,
    closure: closureIn(facts),
    next: closed ? nothing : isBankAsked ? confirmed : nextByStage[heldUp ? "waitingForAddition" : stage],
  }
}
