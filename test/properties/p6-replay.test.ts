import { digestOf, journalEntry, replay } from "@loan-engine/app/journal"
import type { JournalEntry } from "@loan-engine/app/journal"
import { observe, openLoan, snapshotText } from "@loan-engine/domain/loan"
import { Evidence, HoldReason, Source } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { account, loanEvents, observed, reference, runs } from "./arbitraries.ts"

const observations = fc.array(
  fc.record({
    events: loanEvents,
    source: fc.constantFrom(...Source.literals),
    evidence: fc.constantFrom(...Evidence.literals),
    hold: fc.option(fc.constantFrom(...HoldReason.literals), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 8 },
)

describe("P6 replay: folding the journal from nothing", () => {
  it("gives the stored snapshot byte for byte, and P7: what is not trusted changed no fact of it", () => {
    fc.assert(
      fc.property(observations, (all) => {
        let loan = openLoan(reference, account)
        const journal: Array<JournalEntry> = []
        for (const { events, source, evidence, hold } of all) {
          const observation = {
            ...observed(events),
            source,
            evidence,
            ...(hold === undefined ? {} : { hold }),
          }
          const decision = observe(loan, observation)
          if (hold !== undefined || evidence === "none") expect(decision.loan.facts).toBe(loan.facts)
          const raw = new TextEncoder().encode(JSON.stringify(events))
          const bytes = { raw, digest: digestOf(raw) }
          journal.push(journalEntry(observation, decision, bytes, 1_000, journal.at(-1)?.hash ?? ""))
          loan = decision.loan
        }
        const stored = JSON.parse(JSON.stringify(journal)) as ReadonlyArray<JournalEntry>
        const replayed = replay(stored)
        expect(replayed && snapshotText(replayed)).toBe(snapshotText(loan))
      }),
      { numRuns: runs },
    )
  })
})
