import { Schema } from "effect"
import { offerDecimals } from "./offer.ts"

/**
 * The names of all details that may be left out of a message, as the bank names its members. The reference, the event
 * and the decision are the word; everything else is a detail. If a detail cannot be read with one meaning, it is left
 * out and its name is recorded. The word still counts.
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

/** What was left out of one message: each name once, in the order of {@link detailNames}. */
export const LeftOut = Schema.Array(DetailName)
export type LeftOut = typeof LeftOut.Type

/** This character replaces bytes or characters that have no one meaning. A value that contains it cannot be read. */
export const unreadableMark = "\uFFFD"

/** Collects the names of the details that could not be read in one message. */
export class DetailReader {
  readonly #names = new Set<DetailName>()

  /**
   * Gives the value. If there is none, gives `undefined` and records the name. Call it only for a member that is
   * present.
   */
  read<A>(name: DetailName, value: A | undefined): A | undefined {
    if (value === undefined) this.leaveOut(name)
    return value
  }

  leaveOut(name: DetailName): void {
    this.#names.add(name)
  }

  /** Spread this into the message. It is empty if nothing was left out. */
  get leftOut(): { readonly leftOut?: LeftOut } {
    const leftOut = detailNames.filter((name) => this.#names.has(name))
    return leftOut.length === 0 ? {} : { leftOut }
  }
}
