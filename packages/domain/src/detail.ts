import { Schema } from "effect"
import { offerDecimals } from "./offer.ts"

/**
 * The names of all details that may be left out of a message, as the bank names its members. A message's essential
 * parts are the reference, the event and the decision. Everything else is a detail. If a detail cannot be read with
 * one meaning, the decoder leaves it out and records its name. The rest of the message still counts.
 */
export const detailNames = [
  ...offerDecimals,
  "tenor",
  "documentTypes",
  "requiredDocuments",
  "waitingForAddition",
  "signedWithMethod",
  "requestedSigningMethod",
  "paidOut",
  "decision",
] as const

export const DetailName = Schema.Literals(detailNames)
export type DetailName = typeof DetailName.Type

/** The details left out of one message. Each name occurs once, in the order of {@link detailNames}. */
export const LeftOut = Schema.Array(DetailName)
export type LeftOut = typeof LeftOut.Type

/**
 * This character replaces bytes or characters that could mean more than one thing. A value that contains it cannot be
 * read.
 */
export const unreadableMark = "\uFFFD"

/** Reads the details of one message, and collects the names of those that could not be read. */
export class DetailReader {
  readonly #names = new Set<DetailName>()

  /**
   * Returns the value. If the value is `undefined`, the detail could not be read, so its name is recorded. Call this
   * only for a member that is present.
   */
  read<A>(name: DetailName, value: A | undefined): A | undefined {
    if (value === undefined) this.leaveOut(name)
    return value
  }

  leaveOut(name: DetailName): void {
    this.#names.add(name)
  }

  /** The member `leftOut` for the message. It is absent if nothing was left out. */
  get leftOut(): { readonly leftOut?: LeftOut } {
    const leftOut = detailNames.filter((name) => this.#names.has(name))
    return leftOut.length === 0 ? {} : { leftOut }
  }
}
