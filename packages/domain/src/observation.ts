import { Schema, SchemaGetter } from "effect"
import { withoutBlanks } from "./blanks.ts"
import type { LeftOut } from "./detail.ts"
import type { Instant } from "./instant.ts"
import type { LoanEvent } from "./loan-event.ts"

/**
 * How long an application reference, the merchant's own reference and an account's name may be, in UTF-16 code units.
 * The bank's references have 36. Every key and index of both stores can hold a text of this length.
 */
export const applicationReferenceLengthMax = 512
export const externalReferenceLengthMax = 128
export const accountNameLengthMax = 64

/**
 * The bank's opaque id of one loan application. Mostly a UUID, but the bank's own examples also show `ABC-123`: any text
 * without control characters, white space at either end, or lone surrogates.
 */
export const ApplicationReference = Schema.String.check(
  Schema.isBetweenLength(1, applicationReferenceLengthMax),
  Schema.isPattern(/^(?!\s)[^\p{Cc}\p{Cs}]*(?<!\s)$/u, {
    message: "expected text without control characters or outer white space",
  }),
).pipe(Schema.brand("ApplicationReference"))
export type ApplicationReference = typeof ApplicationReference.Type

/** An application reference as a caller sent it. Blanks around it do not belong to it. */
export const ApplicationReferenceText = Schema.String.pipe(
  Schema.decodeTo(ApplicationReference, {
    decode: SchemaGetter.transform(withoutBlanks),
    encode: SchemaGetter.passthrough(),
  }),
)

/** The name of one set of bank credentials, as it appears in the callback's path: `default`, `se`, `no`, … */
export const AccountName = Schema.String.check(
  Schema.isMaxLength(accountNameLengthMax),
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]*$/u, {
    message: "expected letters, digits, dots, dashes and underscores, beginning with a letter or digit",
  }),
).pipe(Schema.brand("AccountName"))
export type AccountName = typeof AccountName.Type

/** The merchant's own name for the application: any text of one line. */
export const ExternalReference = Schema.String.check(
  Schema.isBetweenLength(1, externalReferenceLengthMax),
  Schema.isPattern(/^(?!\s)[^\p{Cc}\p{Cs}]*(?<!\s)$/u, {
    message: "expected text without control characters or outer white space",
  }),
)

/** The channel that an observation came through. `poll` is getApplicationStatus, `quote` is getApplicationQuote. */
export const Source = Schema.Literals(["submission", "callback", "poll", "quote", "operator"])
export type Source = typeof Source.Type

/**
 * How far an observation can be trusted: `jws` (the signature is verified and its claims bind the body), `credentials`
 * (the callback's authorization matched), `bank` (the bank answered our own request), `operator`, `merchant` (the
 * merchant registered it: it counts until the bank has spoken), or `none`.
 */
export const Evidence = Schema.Literals(["jws", "credentials", "bank", "operator", "merchant", "none"])
export type Evidence = typeof Evidence.Type

/** Why an observation is kept but does not change the loan's facts. The engine asks the bank instead. */
export const HoldReason = Schema.Literals([
  /** Neither credentials nor a signature prove where it came from. */
  "no-evidence",
  /**
   * Its evidence is weaker than events of its type need, because of the account's settings or because a merchant said
   * it.
   */
  "evidence-too-weak",
  /** It has no signature, although this account's bank has signed before. */
  "signature-missing",
  /** It is signed, but the bank's keys were not available to verify it. */
  "signature-unverifiable",
  /** Its signature is genuine, but the signed claims do not contain what the body says. */
  "signature-unbound",
  /** Its type, or its decision, is unknown to us. */
  "unknown-event-type",
  /**
   * It names a reference that no loan can have, such as one that is too long. It is kept under a reference that the
   * engine makes for it.
   */
  "reference-unusable",
  /** It names one offer more than a loan keeps. The bank's own answer says which offer stands. */
  "offers-exceeded",
  /** It came through an account that is not the loan's own. */
  "account-mismatch",
])
export type HoldReason = typeof HoldReason.Type

/** What one channel said about one loan at one moment, in lifecycle terms. */
export interface Observation {
  readonly applicationReference: ApplicationReference
  readonly account: AccountName
  readonly source: Source
  readonly evidence: Evidence
  /** The receiver sets it if the observation must not be trusted. */
  readonly hold?: HoldReason
  readonly receivedAt: Instant
  /** The merchant's name for the application. Only a submission says it. It is a name, not a fact: it moves nothing. */
  readonly externalReference?: string
  /**
   * How the customer wants to sign, as the bank was asked to arrange it (`E_SIGN`, `MANUAL`). It is a wish, not a fact.
   */
  readonly requestedSigningMethod?: string
  /**
   * Who registered it, as the engine knows it: an API key's name, or the user of a command. Absent for the bank's own
   * word.
   */
  readonly through?: string
  /** SHA-256 of the signed token that proves it, in hex. The same token in other bytes is the same message. */
  readonly token?: string
  /** The names of the details that could not be read. Absent if there are none. */
  readonly leftOut?: LeftOut
  /**
   * What the bank's own answers have repeated since the loan's last entry, each dated by its latest request. This is
   * the bank's word, even if the observation itself is not, and it was true before the observation. Absent if there is
   * none.
   */
  readonly levels?: ReadonlyArray<LoanEvent>
  /** Everything that was said at once. The events join the facts together and the machine walks once. */
  readonly events: ReadonlyArray<LoanEvent>
}

/**
 * What an observation did: `advanced` (the loan's stage moved), `noted` (new facts, same stage), `repeated` (nothing
 * new), `held` (kept, but not trusted: no fact changed), `disputed` (it put the loan in dispute).
 */
export const Disposition = Schema.Literals(["advanced", "noted", "repeated", "held", "disputed"])
export type Disposition = typeof Disposition.Type
