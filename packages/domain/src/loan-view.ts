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

/** What is waited for, as a code that a frontend translates. */
export type NextAction =
  | "decide"
  | "inspect-manually"
  | "sign-agreement"
  | "send-documents"
  | "pay-out"
  | "confirm-decision"
  | "rule-on-dispute"
  | "none"

/** One loan as frontends show it: derived from the facts, nothing to interpret. */
export interface LoanView {
  readonly applicationReference: string
  readonly account: string
  readonly registered: boolean
  /** What the merchant calls the application, if it said so. */
  readonly externalReference: string | null
  readonly version: number
  readonly stage: Stage
  /** Whether the bank waits for documents, whatever the stage. */
  readonly additionOutstanding: boolean
  /** The documents it waits for, by the bank's names (`ID`, `PAYMENT_SLIP`, …); empty when only a poll told of the request. */
  readonly requiredDocuments: ReadonlyArray<string>
  /** The offer that stands; `null` before an approval, after a rejection, in a dispute, and when none was heard. */
  readonly offer: Offer | null
  /** The offers that were heard of, the newest last, each with its first hearing; ten at most. */
  readonly offers: ReadonlyArray<{ readonly heardAt: Instant; readonly offer: Offer }>
  readonly signing: {
    readonly signed: boolean
    /** When the signature was first heard of; `null` when it is implied by the pay-out only. */
    readonly heardAt: Instant | null
    /** `E_SIGN`, `ANALOG`, …; known from a poll only. */
    readonly method: string | null
    /** What was signed: later offers change nothing in it. */
    readonly offer: Offer | null
  }
  /** Whether a person has closed the application: then nobody waits for anything, whatever the stage. */
  readonly closed: boolean
  /** Why, by whom and when it was closed; `null` once it is open again, and if it never was closed. */
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

/** The stages in which an open request for documents is what everybody waits for. */
const heldUpByAddition: ReadonlySet<Stage> = new Set(["submitted", "manualInspection", "signed"])

/** The bank is being asked to confirm what stands; only if its answer does not settle it, a person must rule. */
const confirmed: LoanView["next"] = { actor: "bank", action: "confirm-decision" }

/** Whether the bank can be expected to confirm what stands. If it cannot, a person must settle what is in doubt. */
export interface BankAsked {
  /** The bank has not answered for too long, so that a dispute is left to a person. */
  readonly stalled?: boolean
  /** `false` where the loan's account has no bank that could be asked. */
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
