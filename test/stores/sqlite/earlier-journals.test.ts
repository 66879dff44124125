import { readFileSync } from "node:fs"
import { replayLoan } from "@loan-engine/app/audit/replay-journal"
import { EntryContent, hashOf } from "@loan-engine/app/journal/entry"
import { observe } from "@loan-engine/domain/loan"
import type { Observe } from "@loan-engine/domain/loan"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

/**
 * Rows and snapshots from an earlier engine. Then a registration had no evidence of its own, and the bank's own
 * answers could not reverse a verdict. This file is never written again.
 */
const written = JSON.parse(
  readFileSync(inCheckout("test/stores/sqlite/journals-before-merchant.json"), "utf8"),
) as Readonly<Record<string, { readonly rows: ReadonlyArray<string>; readonly snapshot: string }>>

const decodeRow = Schema.decodeUnknownSync(Schema.fromJsonString(EntryContent))

function findingsOf({ rows, snapshot }: (typeof written)[string], decide: Observe = observe) {
  const last = decodeRow(rows.at(-1))
  const { applicationReference, account, version } = last
  const judge = replayLoan(applicationReference, decide)
  const found = rows.flatMap((text, index) =>
    judge.row({
      applicationReference,
      text,
      hash: hashOf(text),
      position: index + 1,
      version: index + 1,
      raw: null,
      repeats: 0,
      lastRepeatedAt: null,
    }),
  )
  const chainHead = hashOf(rows.at(-1) ?? "")
  const { stage } = JSON.parse(snapshot) as { readonly stage: string }
  const end = judge.end({
    applicationReference,
    account,
    version,
    stage,
    externalReference: null,
    closed: false,
    nextPollAt: 1_000,
    watermark: null,
    snapshot,
    chainHead,
  })
  return [...found, ...end]
}

describe("P6 a journal that an earlier version wrote", () => {
  it.for(Object.entries(written))("replays to its snapshot, byte for byte: %s", ([, journal], { task }) => {
    task.meta.proofs = [{ property: "P6", means: "definition", cases: journal.rows.length }]
    expect(findingsOf(journal)).toEqual([])
  })

  it("does not, if its registrations count as a merchant's reports", () => {
    const asMerchant: Observe = (loan, observation) =>
      observe(
        loan,
        observation.source === "submission" ? { ...observation, evidence: "merchant" } : observation,
      )
    const found = Object.values(written).flatMap((journal) => findingsOf(journal, asMerchant))
    expect(found).not.toEqual([])
  })
})
