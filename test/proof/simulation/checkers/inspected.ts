import type { Offer } from "@loan-engine/domain/offer"
import type { StoredEntry } from "@loan-engine/app/journal/entry"
import type { StoredLoan } from "@loan-engine/app/ports/loan-store"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Witness } from "../witness.ts"

/** Everything a checker may look at: what the store gives to read, the bank's truth, and the witness's notes. */
export interface Inspected {
  readonly loans: ReadonlyArray<InspectedLoan>
  readonly truth: ReadonlyArray<{
    readonly applicationReference: string
    readonly account: string
    readonly stage: Stage
    readonly additionOutstanding: boolean
    readonly offer: Offer | null
    readonly documents: ReadonlyArray<string>
    readonly signedOffer: Offer | null
  }>
  /** Whether every callback arrived, in time. If not, nobody can know what only a callback tells. */
  readonly isEverythingTold: boolean
  readonly witness: Witness
}

export interface InspectedLoan {
  readonly stored: StoredLoan
  readonly entries: ReadonlyArray<StoredEntry>
  /** The bytes that each entry came in, by its version, where they were read too. */
  readonly bodies?: ReadonlyMap<number, Uint8Array | null>
}

/** How many cases a checker looked at, and what was wrong with some. */
export interface Finding {
  readonly checked: number
  readonly violations: ReadonlyArray<string>
}
