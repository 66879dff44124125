import { Schema, SchemaGetter } from "effect"
import { withoutBlanks } from "./blanks.ts"
import type { LeftOut } from "./detail.ts"
import type { Instant } from "./instant.ts"
import type { LoanEvent } from "./loan-event.ts"

/**
 * The maximum lengths of an application reference, of the merchant's own reference and of an account's name, in
 * UTF-16 code units. The bank's references have 36 units. Every key and index of both stores can contain a text of
 * the maximum length.
 */
export const applicationReferenceLengthMax = 512
export const externalReferenceLengthMax = 128
export const accountNameLengthMax = 64

/**
 * The bank's opaque id of one loan application. It is usually a UUID, but the bank's own examples also show
 * `ABC-123`. So any text is allowed, except control characters, lone surrogates, and white space at either end.
 */
export const ApplicationReference = Schema.String.check(
  Schema.isBetweenLength(1, applicationReferenceLengthMax),
  Schema.isPattern(/^(?!\s)[^\p{Cc}\p{Cs}]*(?<!\s)$/u, {
    message: "expected text without control characters or outer white space",
  }),
).pipe(Schema.brand("ApplicationReference"))
export type ApplicationReference = typeof ApplicationReference.Type

/** An application reference as a caller sent it. White space around it is removed. */
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

/** The merchant's own name for the application: any text on one line. */
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
 * Why the engine believes an observation:
 *
 * - `jws`: the signature is verified, and its claims bind the body.
 * - `credentials`: the callback's authorization matched.
 * - `bank`: the bank answered our own request.
 * - `operator`: an operator stated it.
 * - `merchant`: the merchant registered it. It counts until the bank reports a decision.
 * - `none`: nothing proves it.
 */
export const Evidence = Schema.Literals(["jws", "credentials", "bank", "operator", "merchant", "none"])
export type Evidence = typeof Evidence.Type

/** Why an observation is kept but does not change the facts. The engine asks the bank instead. */
export const HoldReason = Schema.Literals([
  /** Neither credentials nor a signature prove who sent it. */
  "no-evidence",
  /**
   * Its evidence is too weak for events of its type. Either the account's settings require stronger evidence, or a
   * merchant reported the event.
   */
  "evidence-too-weak",
  /** It has no signature, although this account's bank has signed before. */
  "signature-missing",
  /** It is signed, but the bank's keys were not available to verify it. */
  "signature-unverifiable",
  /** Its signature is genuine, but the signed claims do not contain everything in the body. */
  "signature-unbound",
  /** The engine does not know its type or its decision. */
  "unknown-event-type",
  /**
   * Its reference is one that no loan can have, for example because it is too long. The journal keeps the observation
   * under a stand-in reference that the engine makes.
   */
  "reference-unusable",
  /**
   * It names a new offer, but the loan already has the maximum of offers. The bank's own answer will show which offer
   * is current.
   */
  "offers-exceeded",
  /** It came through an account that is not the loan's account. */
  "account-mismatch",
])
export type HoldReason = typeof HoldReason.Type

/** What one source reported about one loan at one time, as events of the lifecycle. */
export interface Observation {
  readonly applicationReference: ApplicationReference
  readonly account: AccountName
  readonly source: Source
  readonly evidence: Evidence
  /** The callback receiver sets this if the observation must not be trusted. */
  readonly hold?: HoldReason
  readonly receivedAt: Instant
  /** The merchant's name for the application. Only a submission contains it. It changes no fact. */
  readonly externalReference?: string
  /**
   * How the customer wants to sign, as the merchant asked the bank (`E_SIGN`, `MANUAL`). It is a wish, so it changes
   * no fact.
   */
  readonly requestedSigningMethod?: string
  /** Who sent the observation: the name of an API key, or the user of a command. Absent for the bank's observations. */
  readonly through?: string
  /**
   * SHA-256 of the signed token that proves the observation, in hex. A callback with the same token is the same
   * message, even if its bytes differ.
   */
  readonly token?: string
  /**
   * Set if the token says when it was issued. Without that, the bank's second request for the same documents has the
   * same token. It is not journaled.
   */
  readonly issued?: true
  /** The names of the details that could not be read. Absent if there are none. */
  readonly leftOut?: LeftOut
  /**
   * What the bank's answers have repeated since the loan's last entry. Each event has the time of the latest request.
   * The bank repeated these events before the observation, so they join the facts first. They count even if the
   * observation comes from somebody else. Absent without repeats.
   */
  readonly levels?: ReadonlyArray<LoanEvent>
  /** All events of the observation. They join the facts together, and then the machine walks once. */
  readonly events: ReadonlyArray<LoanEvent>
}

/**
 * What an observation did:
 *
 * - `advanced`: the loan's stage changed.
 * - `noted`: there are new facts, but the stage is the same.
 * - `repeated`: it brought nothing new.
 * - `held`: it is kept but not trusted, so no fact changed.
 * - `disputed`: the loan is now in dispute.
 */
export const Disposition = Schema.Literals(["advanced", "noted", "repeated", "held", "disputed"])
export type Disposition = typeof Disposition.Type
