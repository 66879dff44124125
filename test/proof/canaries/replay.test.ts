import { replayLoan } from "@loan-engine/app/audit/replay-journal"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import type { JournalEntry } from "@loan-engine/app/journal/entry"
import type { Observe } from "@loan-engine/domain/loan"
import { observe, snapshotText } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { loanEvent, observations, reference } from "../properties/arbitraries.ts"
import { fold } from "../properties/fold.ts"
import { canarySeed, propertySeed } from "../properties/settings.ts"
import { lifecycleCanaries } from "./lifecycles.ts"

/**
 * How many random journals are replayed, and how many a broken lifecycle may write before the test must have noticed
 * it.
 */
const journals = 2_000
const journalsMax = 40_000

/** What the bank repeats before an observation; mostly nothing. A held observation has no events. */
const levels = fc.oneof(
  { arbitrary: fc.constant([]), weight: 4 },
  { arbitrary: fc.array(loanEvent, { minLength: 1, maxLength: 2 }), weight: 1 },
)

/** The lifecycle itself finds that an account does not match. No receiver reports this reason. */
const received = fc.tuple(observations, fc.infiniteStream(levels)).map(([trace, said]) =>
  trace.map(({ hold, ...observation }): Observation => {
    if (hold !== undefined && hold !== "account-mismatch") return { ...observation, hold }
    const again = said.next().value
    return again.length === 0 ? observation : { ...observation, levels: again }
  }),
)

/** Checks that a replay of a journal and its snapshot has no finding. */
const replaysSoundly = (written: Observe) =>
  fc.property(received, (trace) => {
    const entries: Array<JournalEntry> = []
    const loan = fold(written, trace, (_before, observation, decision) => {
      const raw = new TextEncoder().encode(JSON.stringify(observation.events))
      const bytes = { raw, digest: digestOf(raw) }
      entries.push(journalEntry(observation, decision, bytes, 1_000, entries.at(-1)?.hash ?? ""))
    })
    const judge = replayLoan(reference, observe)
    const findings = entries.flatMap((entry, index) =>
      judge.row({ ...entry, position: index + 1, repeats: 0, lastRepeatedAt: null }),
    )
    const chainHead = entries.at(-1)?.hash ?? ""
    expect([
      ...findings,
      ...judge.end({
        ...loan,
        externalReference: null,
        closed: false,
        snapshot: snapshotText(loan),
        chainHead,
        nextPollAt: 1_000,
        watermark: null,
      }),
    ]).toEqual([])
  })

/**
 * This engine accepts what the receiver held and writes nothing about the hold. So no journal shows the defect, but
 * property P7 does.
 */
const shownByJournals = lifecycleCanaries.filter(({ name }) => name !== "hold nothing back")

describe("a replay by the real lifecycle", () => {
  it("finds nothing in any journal that it has written itself", () => {
    fc.assert(replaysSoundly(observe), { seed: propertySeed, numRuns: journals })
  })

  it.for(shownByJournals)("notices a journal by this broken engine: $name", ({ observe: broken }) => {
    const { failed } = fc.check(replaysSoundly(broken), {
      seed: canarySeed,
      numRuns: journalsMax,
      endOnFailure: true,
    })
    expect(failed).toBe(true)
  })
})
