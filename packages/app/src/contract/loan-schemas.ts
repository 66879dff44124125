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
  /** Whether the loan was registered. If not, the engine knows it only from callbacks. */
  registered: Schema.Boolean,
  /** The merchant's own name for the application, if the registration had one. */
  externalReference: Schema.NullOr(Schema.String),
  /** How many observations of the loan are recorded. The ETag begins with it. */
  version: Schema.Natural,
  stage: Schema.Literals(stages),
  /** Whether the bank waits for documents, in any stage. */
  additionOutstanding: Schema.Boolean,
  requiredDocuments: DocumentTypes,
  offer: Schema.NullOr(Offer),
  /** The offers that were received, at most ten, with the newest last. `heardAt` is when each was first received. */
  offers: Schema.Array(Schema.Struct({ heardAt: Iso, offer: Offer })),
  /** The currency of the offer's amounts, in ISO 4217. `null` if the account's settings name none. */
  currency: Schema.NullOr(Schema.String),
  signing: Schema.Struct({
    signed: Schema.Boolean,
    heardAt: Schema.NullOr(Iso),
    method: Schema.NullOr(Schema.String),
    /** The signed offer. Later offers do not change it. */
    offer: Schema.NullOr(Offer),
    /**
     * What was received about the signature, and when first: how the customer wants to sign (`E_SIGN`, `MANUAL`),
     * that the agreement is signed, and with which method (`E_SIGN`, `ANALOG`).
     */
    timeline: Schema.Array(
      Schema.Struct({
        what: Schema.Literals(["requested", "signed", "method"]),
        method: Schema.NullOr(Schema.String),
        heardAt: Iso,
      }),
    ),
  }),
  /** Whether a person has closed the application. If so, nobody has to act, in any stage. */
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
  /** Whether a person should look at the loan, for example because too many polls brought no news. */
  stalled: Schema.Boolean,
  /**
   * Whether the bank has reported nothing new for so long that the engine polls rarely, and later no more. Any callback
   * wakes the loan.
   */
  dormant: Schema.Boolean,
  /** What a person may want to do about a dormant loan. The engine never does it by itself. */
  suggestion: Schema.NullOr(Schema.Literal("close")),
  nextPollAt: Schema.NullOr(Iso),
  /** When the bank last answered a poll. `null` if it never did. */
  lastHeardFromBankAt: Schema.NullOr(Iso),
  /** When that poll was sent. */
  lastAskedAt: Schema.NullOr(Iso),
}

/** The state of a loan, as frontends show it. */
export const LoanJson = Schema.Struct(loanFields).annotate({ identifier: "Loan" })
export type LoanJson = typeof LoanJson.Type

/** One event of an observation. The type decides which members it has. */
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
  /** Set if a person rejected a loan that is paid out according to the bank. */
  overrulesPayOut: Schema.optionalKey(Schema.Boolean),
  closedFor: Schema.optionalKey(ClosureReason),
  note: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "LoanEvent" })

/** A copy of the domain's schema. That schema would import the whole machine, which a frontend does not need. */
const StepJson = Schema.Struct({
  from: Schema.Literals(stages),
  to: Schema.Literals(stages),
  inferred: Schema.Boolean,
}).annotate({ identifier: "Step" })

const entryFields = {
  /** Its position in the change feed. */
  position: Schema.Int,
  /** The loan's version after this entry. */
  version: Schema.Int,
  account: Schema.String,
  source: Source,
  evidence: Evidence,
  disposition: Disposition,
  /** Why the observation was held. `null` if it was not. */
  reason: Schema.NullOr(HoldReason),
  receivedAt: Iso,
  recordedAt: Iso,
  events: Schema.Array(EventJson),
  /** What the bank's answers have repeated since the previous entry. */
  levels: Schema.Array(EventJson),
  steps: Schema.Array(StepJson),
  /** The reversal that this entry makes: it settles a dispute, and the earlier decision no longer counts. */
  reversal: Schema.NullOr(Reversal),
  /**
   * Whether the entry closed the loan or opened it again. A person can do both. The bank's progress also opens a
   * closed loan.
   */
  closure: Schema.NullOr(Schema.Literals(["closed", "reopened"])),
  /** How the customer wants to sign (`E_SIGN`, `MANUAL`), if the bank reported it. */
  requestedSigningMethod: Schema.NullOr(Schema.String),
  /** Who sent the observation: the name of an API key, or the user of a command. `null` for the bank's observations. */
  through: Schema.NullOr(Schema.String),
  /** The details that could not be read, by the bank's names. The rest of the message counts. */
  leftOut: LeftOut,
  /** SHA-256 of the original bytes, in hex. */
  digest: Schema.String,
  previousHash: Schema.String,
  hash: Schema.String,
}

/** One entry of a loan's journal. The original bytes stay in the store. */
export const EntryJson = Schema.Struct({
  ...entryFields,
  /** How often the same message was delivered again. */
  repeats: Schema.Int,
  lastRepeatedAt: Schema.NullOr(Iso),
}).annotate({ identifier: "Entry" })
export type EntryJson = typeof EntryJson.Type

/** One change of the feed. `loan` is the loan when the change was sent, so it may contain later changes too. */
export const ChangeJson = Schema.Struct({
  ...entryFields,
  applicationReference: Schema.String,
  /**
   * Where to continue the feed after this change. The cursor contains the position, and a mark that identifies the
   * feed's history.
   */
  cursor: Schema.String,
  loan: LoanJson,
}).annotate({ identifier: "Change" })
export type ChangeJson = typeof ChangeJson.Type

/** How many loans a page has, at most and by default. */
export const pageLoansMax = 500
export const pageLoansDefault = 50

export const LoanPage = Schema.Struct({
  loans: Schema.Array(LoanJson),
  /**
   * The cursor of the next page, or `null` after the last page. A page may have fewer loans than requested, and there
   * may still be a next page.
   */
  next: Schema.NullOr(Schema.String),
}).annotate({ identifier: "LoanPage" })
export type LoanPage = typeof LoanPage.Type

export const PolledJson = Schema.Struct({
  ...loanFields,
  /** Each question to the bank, with what its answer did, or why there was no answer. */
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

/** An amount, as text or as a JSON number. A number is read from its source text, so no digit is lost. */
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

/** A person's ruling on a loan. Usually the loan is in dispute. */
export const RulingJson = Schema.Struct({
  decision: Verdict,
  /** Who rules. It must be the name of a person whom a reviewer can ask. */
  by: Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax), notBlank),
  reason: Schema.String.check(Schema.isBetweenLength(1, rulingReasonLengthMax), notBlank),
  /** Rule on a loan that is not in dispute. */
  undisputed: Schema.optionalKey(Schema.Boolean),
}).annotate({ identifier: "Ruling" })
export type RulingJson = typeof RulingJson.Type

/** Who closes or reopens a loan. The default is the key's name. */
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
  /** The loan's stage and version after the ruling. */
  stage: Schema.Literals(stages),
  version: Schema.Natural,
}).annotate({ identifier: "Ruled" })
export type RuledJson = typeof RuledJson.Type

export { AccountName, ApplicationReference, ExternalReference, stages }
