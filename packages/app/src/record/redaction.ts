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
  /** Who orders the redaction, and why. Both stay in the journal. */
  readonly by: string
  readonly reason: string
  /** Who sent the order: the name of an API key, or the user of a command. */
  readonly through?: string
  /** If true, nothing is erased. The result shows what would be erased. */
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
 * Erases the raw messages of the bank and of the merchant about a loan. First the redaction is recorded through
 * `record`, so that no body is ever missing without a record. If a redaction was interrupted, the same order finishes
 * it and records nothing more.
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
  // This runs even if no body is left, because it also empties the database's log. An interrupted redaction may have
  // left the log as it was.
  const bodies = yield* journal.eraseRaw(applicationReference, upToVersion)
  return { applicationReference, bodies, upToVersion }
})

/** How many bodies a redaction would erase: all that are present, except those of operators. */
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
