import type { Offer } from "@loan-engine/domain/offer"
import type { StoredEntry } from "@loan-engine/app/journal/entry"
import type { StoredLoan } from "@loan-engine/app/ports/loan-store"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Witness } from "../witness.ts"

/**
 * Everything that a checker may use: what the store gives to readers, the bank's true state, and the witness's notes.
 */
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
  /** Whether every callback arrived in time. If not, the engine cannot know what only a callback reports. */
  readonly isEverythingTold: boolean
  readonly witness: Witness
}

export interface InspectedLoan {
  readonly stored: StoredLoan
  readonly entries: ReadonlyArray<StoredEntry>
  /** The bytes of each entry, by its version. Absent if they were not read. */
  readonly bodies?: ReadonlyMap<number, Uint8Array | null>
}

/** The number of checked cases, and the violations. */
export interface Finding {
  readonly checked: number
  readonly violations: ReadonlyArray<string>
}
