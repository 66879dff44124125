import { digestOf, journalEntry, replay } from "@loan-engine/app/journal/entry"
import type { JournalEntry } from "@loan-engine/app/journal/entry"
import { snapshotText } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { expect } from "vitest"
import { observations } from "./arbitraries.ts"
import { fold } from "./fold.ts"
import type { Law } from "./law.ts"

export const p6: ReadonlyArray<Law> = [
  {
    property: "P6",
    title: "a replay of the journal gives the stored snapshot, byte for byte",
    holdsFor: (observe) =>
      fc.property(observations, (trace) => {
        const journal: Array<JournalEntry> = []
        const loan = fold(observe, trace, (_before, observation, decision) => {
          const raw = new TextEncoder().encode(JSON.stringify(observation.events))
          const bytes = { raw, digest: digestOf(raw) }
          journal.push(journalEntry(observation, decision, bytes, 1_000, journal.at(-1)?.hash ?? ""))
        })
        const stored = JSON.parse(JSON.stringify(journal)) as ReadonlyArray<JournalEntry>
        const replayed = replay(stored)
        expect(replayed && snapshotText(replayed)).toBe(snapshotText(loan))
      }),
  },
]
