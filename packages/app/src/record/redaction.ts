import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Clock, Effect } from "effect"
import { LoanEngine } from "./engine.ts"
import { readText } from "../journal/entry-text.ts"
import { readByLoan } from "../audit/readers.ts"
import type { OrderUnreadable } from "../audit/row-reader.ts"
import { JournalStore } from "../ports/journal-store.ts"
import type { StoreUnavailable } from "../ports/loan-store.ts"
import { knownLoan } from "./known-loan.ts"
import type { LoanUnknown } from "./known-loan.ts"
import { operatorsWord } from "./operators-word.ts"
import { redactionBytes } from "../journal/redaction-record.ts"

export interface RedactionOrder {
  readonly applicationReference: ApplicationReference
  /** Who asks for it, and why. Both stay in the journal. */
  readonly by: string
  readonly reason: string
  /** Who sent the order, as the engine knows it. */
  readonly through?: string
  /** Only reports what would be erased. */
  readonly dryRun: boolean
}

export interface Redaction {
  readonly applicationReference: ApplicationReference
  /** How many raw bodies were erased, or would be. */
  readonly bodies: number
  /** The last version with an erased body. 0 for none. */
  readonly upToVersion: number
}

/**
 * Erases the original messages of the bank and the merchant about a loan. The record of the redaction is written first,
 * through `record`, so that no body is ever missing without a record. If a redaction was interrupted, the same order
 * finishes it and adds nothing.
 */
export const redactLoan = Effect.fn("redactLoan")(function* (
  order: RedactionOrder,
): Effect.fn.Return<Redaction, StoreUnavailable | OrderUnreadable | LoanUnknown, LoanEngine | JournalStore> {
  const { applicationReference, by, reason, through, dryRun } = order
  const engine = yield* LoanEngine
  const journal = yield* JournalStore
  const stored = yield* knownLoan(applicationReference)
  const erasable = yield* erasableBodies(applicationReference)
  if (dryRun) return { applicationReference, ...erasable }
  const { upToVersion } = erasable
  if (upToVersion > 0) {
    const observation = operatorsWord(stored.loan, yield* Clock.currentTimeMillis, through, [])
    yield* engine.record(observation, redactionBytes({ redaction: { by, reason, upToVersion } }))
  }
  // Even with nothing to erase this empties the log, because an earlier redaction may have been interrupted.
  const bodies = yield* journal.eraseRaw(applicationReference, upToVersion)
  return { applicationReference, bodies, upToVersion }
})

/** How many bodies a redaction would erase: all present ones except operators' words. */
const erasableBodies = Effect.fnUntraced(function* (applicationReference: ApplicationReference) {
  const rows = readByLoan(yield* JournalStore, { applicationReference, version: 0, position: 0 })
  const erasable = { bodies: 0, upToVersion: 0 }
  for (
    let row = yield* rows.peek;
    row?.applicationReference === applicationReference;
    row = yield* rows.peek
  ) {
    rows.take()
    if (row.raw === null || readText(row.text).content?.source === "operator") continue
    erasable.bodies++
    erasable.upToVersion = row.version
  }
  return erasable
})
