import { Schema } from "effect"
import { offerDecimals } from "./offer.ts"

/**
 * The names of everything that may be left out of what the bank said, by the bank's own member names. Reference, event and
 * decision are the word; all the rest is a detail. A detail that cannot be read with one meaning is left out and named. The
 * word stands without it.
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

/** What was left out of one message, in the order of {@link detailNames}, each name once. */
export const LeftOut = Schema.Array(DetailName)
export type LeftOut = typeof LeftOut.Type

/** What stands in a text for bytes or characters that have no one meaning. A value that holds it cannot be read. */
export const unreadableMark = "\uFFFD"

/** Collects the names of what could not be read, while one message is read. */
export class DetailReader {
  readonly #names = new Set<DetailName>()

  /** The value, or `undefined` and its name noted. Only call it for a member that is there. */
  read<A>(name: DetailName, value: A | undefined): A | undefined {
    if (value === undefined) this.leaveOut(name)
    return value
  }

  leaveOut(name: DetailName): void {
    this.#names.add(name)
  }

  /** To be spread into the message: nothing if nothing was left out. */
  get leftOut(): { readonly leftOut?: LeftOut } {
    const leftOut = detailNames.filter((name) => this.#names.has(name))
    return leftOut.length === 0 ? {} : { leftOut }
  }
}
