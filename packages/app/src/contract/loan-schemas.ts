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

/** An instant on the wire: ISO 8601 in UTC, to the millisecond. */
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
  /** Whether the submission's answer is known, and not only callbacks. */
  registered: Schema.Boolean,
  /** What the merchant calls the application, if it said so when it registered the loan. */
  externalReference: Schema.NullOr(Schema.String),
  /** Counts what was recorded of the loan; its ETag. */
  version: Schema.Natural,
  stage: Schema.Literals(stages),
  /** Whether the bank waits for documents, whatever the stage. */
  additionOutstanding: Schema.Boolean,
  requiredDocuments: DocumentTypes,
  offer: Schema.NullOr(Offer),
  /** The offers that were heard of, the newest last, each with its first hearing; ten at most. */
  offers: Schema.Array(Schema.Struct({ heardAt: Iso, offer: Offer })),
  /** What the offer's amounts are in, as ISO 4217 writes it; `null` where the account does not say. */
  currency: Schema.NullOr(Schema.String),
  signing: Schema.Struct({
    signed: Schema.Boolean,
    heardAt: Schema.NullOr(Iso),
    method: Schema.NullOr(Schema.String),
    /** What was signed: the newest offer heard not after the signature. */
    offer: Schema.NullOr(Offer),
    /**
     * What was said of it, each with its first hearing: how the customer wants to sign (`E_SIGN`, `MANUAL`), that it is signed, and
     * how (`E_SIGN`, `ANALOG`).
     */
    timeline: Schema.Array(
      Schema.Struct({
        what: Schema.Literals(["requested", "signed", "method"]),
        method: Schema.NullOr(Schema.String),
        heardAt: Iso,
      }),
    ),
  }),
  /** Whether a person has closed the application: then nobody waits for anything, whatever the stage. */
  closed: Schema.Boolean,
  /** Why, by whom and when; `null` once it is open again, and if it never was closed. */
  closure: Schema.NullOr(
    Schema.Struct({
      reason: ClosureReason,
      by: Schema.String,
      at: Iso,
      note: Schema.NullOr(Schema.String),
    }),
  ),
  next: Schema.Struct({ actor: Schema.Literals(actors), action: Schema.Literals(nextActions) }),
  /** Whether so many polls in a row brought nothing that somebody should look into it. */
  stalled: Schema.Boolean,
  /** Whether the bank has said nothing new for so long that it is asked rarely, and some day no more. Any callback wakes the loan. */
  dormant: Schema.Boolean,
  /** What somebody may want to do about it; the engine never does it by itself. */
  suggestion: Schema.NullOr(Schema.Literal("close")),
  nextPollAt: Schema.NullOr(Iso),
  /** When the bank last answered a question of the engine's; `null` if it has not yet. */
  lastHeardFromBankAt: Schema.NullOr(Iso),
  /** When the answered question was asked. */
  lastAskedAt: Schema.NullOr(Iso),
}

/** Where a loan stands, as frontends show it. */
export const LoanJson = Schema.Struct(loanFields).annotate({ identifier: "Loan" })
export type LoanJson = typeof LoanJson.Type

/** One thing that was said about a loan. Which members there are follows from its type. */
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
  /** A person has rejected a loan that the bank says is paid out. */
  overrulesPayOut: Schema.optionalKey(Schema.Boolean),
  closedFor: Schema.optionalKey(ClosureReason),
  note: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "LoanEvent" })

/** Spelt out, because the domain's own brings the whole machine along, which a frontend does not need. */
const StepJson = Schema.Struct({
  from: Schema.Literals(stages),
  to: Schema.Literals(stages),
  inferred: Schema.Boolean,
}).annotate({ identifier: "Step" })

const entryFields = {
  /** Where in the change feed it stands. */
  position: Schema.Int,
  /** The loan's version after it. */
  version: Schema.Int,
  account: Schema.String,
  source: Source,
  evidence: Evidence,
  disposition: Disposition,
  /** Why it was held, if it was. */
  reason: Schema.NullOr(HoldReason),
  receivedAt: Iso,
  recordedAt: Iso,
  events: Schema.Array(EventJson),
  /** What the bank's answers had said again since the entry before: they are journaled with the next entry of anything else. */
  levels: Schema.Array(EventJson),
  steps: Schema.Array(StepJson),
  /** What the dispute that it settles came to, if what stood before it stands no more. */
  reversal: Schema.NullOr(Reversal),
  /** Whether it closed the loan, or opened it again: a person did, or the bank went further than was known when it was closed. */
  closure: Schema.NullOr(Schema.Literals(["closed", "reopened"])),
  /** How the customer wants to sign (`E_SIGN`, `MANUAL`), where the bank said so. */
  requestedSigningMethod: Schema.NullOr(Schema.String),
  /** Who handed it over, as the engine knows it: an API key's name, or the user of a command; `null` for the bank's own word. */
  through: Schema.NullOr(Schema.String),
  /** The details of the message that could not be read, by the bank's names. The rest of it counts. */
  leftOut: LeftOut,
  /** SHA-256 of the bytes as they came, in hex. */
  digest: Schema.String,
  previousHash: Schema.String,
  hash: Schema.String,
}

/** One entry of a loan's journal; the raw bytes stay in the store. */
export const EntryJson = Schema.Struct({
  ...entryFields,
  /** How often the same was delivered again. */
  repeats: Schema.Int,
  lastRepeatedAt: Schema.NullOr(Iso),
}).annotate({ identifier: "Entry" })
export type EntryJson = typeof EntryJson.Type

/** One change of the feed: what was recorded, and the loan as it stood when this was sent, which may be later still. */
export const ChangeJson = Schema.Struct({
  ...entryFields,
  applicationReference: Schema.String,
  /** Where the feed is to be continued behind it: its position, and a mark by which another history is told. */
  cursor: Schema.String,
  loan: LoanJson,
}).annotate({ identifier: "Change" })
export type ChangeJson = typeof ChangeJson.Type

/** How many loans a page holds, at most and unless told otherwise. */
export const pageLoansMax = 500
export const pageLoansDefault = 50

export const LoanPage = Schema.Struct({
  loans: Schema.Array(LoanJson),
  /** Where the next page begins; `null` after the last. A page may hold fewer loans than asked for and still have a next. */
  next: Schema.NullOr(Schema.String),
}).annotate({ identifier: "LoanPage" })
export type LoanPage = typeof LoanPage.Type

export const PolledJson = Schema.Struct({
  ...loanFields,
  /** What the bank was asked, and what its answer did, or why there was none. */
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

/** An amount: text keeps every digit, and so does a JSON number, which is read by its source. */
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

/** A person's word on a loan that the bank has contradicted itself about. */
export const RulingJson = Schema.Struct({
  decision: Verdict,
  /** Who rules: a name that a reviewer can ask. */
  by: Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax), notBlank),
  reason: Schema.String.check(Schema.isBetweenLength(1, rulingReasonLengthMax), notBlank),
  /** Rule on a loan that is not in dispute. */
  undisputed: Schema.optionalKey(Schema.Boolean),
}).annotate({ identifier: "Ruling" })
export type RulingJson = typeof RulingJson.Type

/** Who closes or re-opens a loan; the key's name, where nobody is named. */
const closedBy = Schema.optionalKey(
  Schema.String.check(Schema.isBetweenLength(1, operatorNameLengthMax), notBlank),
)
const note = Schema.optionalKey(
  Schema.String.check(Schema.isBetweenLength(1, closingNoteLengthMax), notBlank),
)

/** The application is pursued no more. */
export const ClosingJson = Schema.Struct({ reason: ClosureReason, by: closedBy, note }).annotate({
  identifier: "Closing",
})
export type ClosingJson = typeof ClosingJson.Type

/** It is pursued again. */
export const ReopeningJson = Schema.Struct({ by: closedBy, note }).annotate({ identifier: "Reopening" })
export type ReopeningJson = typeof ReopeningJson.Type

/** What a ruling did, or would do if it were not a dry run. */
export const RuledJson = Schema.Struct({
  dryRun: Schema.Boolean,
  disposition: Disposition,
  steps: Schema.Array(StepJson),
  /** The stage and version after it. */
  stage: Schema.Literals(stages),
  version: Schema.Natural,
}).annotate({ identifier: "Ruled" })
export type RuledJson = typeof RuledJson.Type

export { AccountName, ApplicationReference, ExternalReference, stages }
