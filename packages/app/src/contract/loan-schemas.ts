import type { BankDecision } from "@loan-engine/adapters-xml/decision-result"
import { ClosureReason } from "@loan-engine/domain/closure"
import { LeftOut } from "@loan-engine/domain/detail"
import { stages } from "@loan-engine/domain/legal-transitions"
import {
  closingNoteLengthMax,
  loanEventTypes,
  operatorNameLengthMax,
  rulingReasonLengthMax,
  Verdict,
} from "@loan-engine/domain/loan-event"
import {
  AccountName,
  ApplicationReference,
  Disposition,
  Evidence,
  ExternalReference,
  HoldReason,
  Source,
} from "@loan-engine/domain/observation"
import type { offerDecimals } from "@loan-engine/domain/offer"
import { DocumentTypes, Offer } from "@loan-engine/domain/offer"
import { Reversal } from "@loan-engine/domain/reversal"
import { Schema } from "effect"

/** An instant in JSON: ISO 8601 in UTC, to the millisecond. */
export const Iso = Schema.String.check(
  Schema.isPattern(/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/u),
)

export const actors = ["bank", "customer", "operator", "nobody"] as const
export const nextActions = [
  "decide",
  "inspect-manually",
  "sign-agreement",
  "send-documents",
  "pay-out",
  "confirm-decision",
  "rule-on-dispute",
  "none",
] as const

const loanFields = {
  applicationReference: Schema.String,
  account: Schema.String,
  /** Whether the submission's answer is known. If not, only callbacks have spoken. */
  registered: Schema.Boolean,
  /** The merchant's own name for the application, if the registration had one. */
  externalReference: Schema.NullOr(Schema.String),
  /** Counts the recorded observations of the loan. It is the loan's ETag. */
  version: Schema.Natural,
  stage: Schema.Literals(stages),
  /** Whether the bank waits for documents, in any stage. */
  additionOutstanding: Schema.Boolean,
  requiredDocuments: DocumentTypes,
  offer: Schema.NullOr(Offer),
  /** The offers that were heard, with the newest last, each with its first hearing. At most ten. */
  offers: Schema.Array(Schema.Struct({ heardAt: Iso, offer: Offer })),
  /** The currency of the offer's amounts, in ISO 4217. `null` if the account's settings name none. */
  currency: Schema.NullOr(Schema.String),
  signing: Schema.Struct({
    signed: Schema.Boolean,
    heardAt: Schema.NullOr(Iso),
    method: Schema.NullOr(Schema.String),
    /** The signed offer: the newest one that was heard before the signature, or at the same time. */
    offer: Schema.NullOr(Offer),
    /**
     * What was said about the signature, each with its first hearing: how the customer wants to sign (`E_SIGN`,
     * `MANUAL`), that the agreement is signed, and how (`E_SIGN`, `ANALOG`).
     */
    timeline: Schema.Array(
      Schema.Struct({
        what: Schema.Literals(["requested", "signed", "method"]),
        method: Schema.NullOr(Schema.String),
        heardAt: Iso,
      }),
    ),
  }),
  /** Whether a person has closed the application. If so, nobody waits for anything, in any stage. */
  closed: Schema.Boolean,
  /** Why, by whom and when it was closed. `null` if it was never closed or is open again. */
  closure: Schema.NullOr(
    Schema.Struct({
      reason: ClosureReason,
      by: Schema.String,
      at: Iso,
      note: Schema.NullOr(Schema.String),
    }),
  ),
  next: Schema.Struct({ actor: Schema.Literals(actors), action: Schema.Literals(nextActions) }),
  /** Whether so many polls in a row brought nothing new that a person should look at the loan. */
  stalled: Schema.Boolean,
  /**
   * Whether the bank has said nothing new for so long that the engine polls it rarely, and later no more. Any callback
   * wakes the loan.
   */
  dormant: Schema.Boolean,
  /** What a person may want to do about it. The engine never does it automatically. */
  suggestion: Schema.NullOr(Schema.Literal("close")),
  nextPollAt: Schema.NullOr(Iso),
  /** When the bank last answered a poll. `null` if it has not yet. */
  lastHeardFromBankAt: Schema.NullOr(Iso),
  /** When that poll was sent. */
  lastAskedAt: Schema.NullOr(Iso),
}

/** The state of a loan, as frontends show it. */
export const LoanJson = Schema.Struct(loanFields).annotate({ identifier: "Loan" })
export type LoanJson = typeof LoanJson.Type

/** One thing that was said about a loan. Its type decides which members it has. */
const EventJson = Schema.Struct({
  type: Schema.Literals(loanEventTypes),
  at: Iso,
  fresh: Schema.optionalKey(Schema.Boolean),
  offer: Schema.optionalKey(Offer),
  requiredDocuments: Schema.optionalKey(DocumentTypes),
  method: Schema.optionalKey(Schema.String),
  decision: Schema.optionalKey(Verdict),
  by: Schema.optionalKey(Schema.String),
  reason: Schema.optionalKey(Schema.String),
  /** A person rejected a loan that the bank says is paid out. */
  overrulesPayOut: Schema.optionalKey(Schema.Boolean),
  closedFor: Schema.optionalKey(ClosureReason),
  note: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "LoanEvent" })

/** Written out here, because the domain's own schema would import the whole machine, which a frontend does not need. */
const StepJson = Schema.Struct({
  from: Schema.Literals(stages),
  to: Schema.Literals(stages),
  inferred: Schema.Boolean,
}).annotate({ identifier: "Step" })

const entryFields = {
  /** Its position in the change feed. */
  position: Schema.Int,
  /** The loan's version after it. */
  version: Schema.Int,
  account: Schema.String,
  source: Source,
  evidence: Evidence,
  disposition: Disposition,
  /** Why it was held, if so. */
  reason: Schema.NullOr(HoldReason),
  receivedAt: Iso,
  recordedAt: Iso,
  events: Schema.Array(EventJson),
  /**
   * What the bank's answers repeated since the previous entry. They are journaled with the next entry of any other
   * kind.
   */
  levels: Schema.Array(EventJson),
  steps: Schema.Array(StepJson),
  /** The result of the dispute that it settles, if the earlier decision no longer stands. */
  reversal: Schema.NullOr(Reversal),
  /**
   * Whether it closed the loan or opened it again. A person did so, or the bank went further than was known when the
   * loan was closed.
   */
  closure: Schema.NullOr(Schema.Literals(["closed", "reopened"])),
  /** How the customer wants to sign (`E_SIGN`, `MANUAL`), if the bank said so. */
  requestedSigningMethod: Schema.NullOr(Schema.String),
  /**
   * Who registered it, as the engine knows it: an API key's name, or the user of a command. `null` for the bank's own
   * word.
   */
  through: Schema.NullOr(Schema.String),
  /** The details of the message that could not be read, by the bank's names. The rest of the message counts. */
  leftOut: LeftOut,
  /** SHA-256 of the original bytes, in hex. */
  digest: Schema.String,
  previousHash: Schema.String,
  hash: Schema.String,
}

/** One entry of a loan's journal. The original bytes stay in the store. */
export const EntryJson = Schema.Struct({
  ...entryFields,
  /** How often the same message was redelivered. */
  repeats: Schema.Int,
  lastRepeatedAt: Schema.NullOr(Iso),
}).annotate({ identifier: "Entry" })
export type EntryJson = typeof EntryJson.Type

/** One change of the feed: the recorded observation, and the loan as it was when this was sent, which may be later. */
export const ChangeJson = Schema.Struct({
  ...entryFields,
  applicationReference: Schema.String,
  /** The place to continue the feed after this change: its position, and a mark that identifies the feed's history. */
  cursor: Schema.String,
  loan: LoanJson,
}).annotate({ identifier: "Change" })
export type ChangeJson = typeof ChangeJson.Type

/** How many loans a page has: the maximum and the default. */
export const pageLoansMax = 500
export const pageLoansDefault = 50

export const LoanPage = Schema.Struct({
  loans: Schema.Array(LoanJson),
  /**
   * The cursor of the next page, or `null` after the last. A page may have fewer loans than asked for and still have a
   * next page.
   */
  next: Schema.NullOr(Schema.String),
}).annotate({ identifier: "LoanPage" })
export type LoanPage = typeof LoanPage.Type

export const PolledJson = Schema.Struct({
  ...loanFields,
  /** What the bank was asked, and what its answer did, or why there was no answer. */
  asked: Schema.Array(
    Schema.Struct({
      question: Schema.Literals(["status", "quote"]),
      disposition: Schema.optionalKey(Disposition),
      error: Schema.optionalKey(Schema.String),
    }),
  ),
}).annotate({ identifier: "PolledLoan" })
export type PolledJson = typeof PolledJson.Type

const decisions = ["APPROVED", "REJECTED", "MANUAL_INSPECTION"] as const satisfies ReadonlyArray<BankDecision>

/** An amount. Text keeps every digit, and so does a JSON number, which is read from its source text. */
const Amount = Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.String, Schema.Finite])))
const amounts = {
  approvedAmount: Amount,
  interest: Amount,
  effectiveInterest: Amount,
  monthlyCost: Amount,
  consolidationDemand: Amount,
  adminFee: Amount,
  arrangementFee: Amount,
  totalRepaymentAmount: Amount,
  monthlyAccountFee: Amount,
  totalFeesAndInterest: Amount,
  topUpAmount: Amount,
  monthlyCostTopUp: Amount,
} satisfies { readonly [Name in (typeof offerDecimals)[number]]: typeof Amount }

/** The answer to a submission as JSON, by the bank's own names. */
export const SubmissionAnswer = Schema.Struct({
  applicationReference: ApplicationReference,
  decision: Schema.Literals(decisions),
  ...amounts,
  tenor: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  documentTypes: Schema.optionalKey(DocumentTypes),
}).annotate({ identifier: "SubmissionAnswer" })
export type SubmissionAnswer = typeof SubmissionAnswer.Type

const notBlank = Schema.isPattern(/\S/u, { message: "expected more than white space" })

/** A person's ruling on a loan about which the bank contradicted itself. */
export const RulingJson = Schema.Struct({
  decision: Verdict,
  /** Who rules: the name of a person whom a reviewer can ask. */
  by: Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax), notBlank),
  reason: Schema.String.check(Schema.isBetweenLength(1, rulingReasonLengthMax), notBlank),
  /** Rule on a loan that is not in dispute. */
  undisputed: Schema.optionalKey(Schema.Boolean),
}).annotate({ identifier: "Ruling" })
export type RulingJson = typeof RulingJson.Type

/** Who closes or re-opens a loan. The default is the key's name. */
const closedBy = Schema.optionalKey(
  Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax), notBlank),
)
const note = Schema.optionalKey(
  Schema.String.check(Schema.isBetweenLength(1, closingNoteLengthMax), notBlank),
)

/** Nobody pursues the application any more. */
export const ClosingJson = Schema.Struct({ reason: ClosureReason, by: closedBy, note }).annotate({
  identifier: "Closing",
})
export type ClosingJson = typeof ClosingJson.Type

/** The application is pursued again. */
export const ReopeningJson = Schema.Struct({ by: closedBy, note }).annotate({ identifier: "Reopening" })
export type ReopeningJson = typeof ReopeningJson.Type

/** What a ruling did, or would do in a dry run. */
export const RuledJson = Schema.Struct({
  dryRun: Schema.Boolean,
  disposition: Disposition,
  steps: Schema.Array(StepJson),
  /** The loan's stage and version after it. */
  stage: Schema.Literals(stages),
  version: Schema.Natural,
}).annotate({ identifier: "Ruled" })
export type RuledJson = typeof RuledJson.Type

export { AccountName, ApplicationReference, ExternalReference, stages }
