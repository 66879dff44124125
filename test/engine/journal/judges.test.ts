import { judgeFeed } from "@loan-engine/app/audit/feed-judge"
import { judgeLoan } from "@loan-engine/app/audit/loan-judge"
import { makeMerkleStream } from "@loan-engine/app/audit/merkle-stream"
import { merkleRoot, sealRows } from "@loan-engine/app/journal/checkpoint"
import type { SealedRow } from "@loan-engine/app/journal/checkpoint"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import type { JournalEntry } from "@loan-engine/app/journal/entry"
import type { FeedRow } from "@loan-engine/app/ports/journal-store"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { isClosed } from "@loan-engine/domain/standing"
import { observe, snapshotText } from "@loan-engine/domain/loan"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { observations, reference } from "../../proof/properties/arbitraries.ts"
import { fold } from "../../proof/properties/fold.ts"
import { propertyRuns, propertySeed } from "../../proof/properties/settings.ts"

const settings = { seed: propertySeed, numRuns: propertyRuns }

/** The journal and the snapshot of a random loan, as the engine writes them. */
const written = observations.map((trace) => {
  const entries: Array<JournalEntry> = []
  const loan = fold(observe, trace, (_before, observation, decision) => {
    const raw = new TextEncoder().encode(JSON.stringify(observation.events))
    const bytes = { raw, digest: digestOf(raw) }
    entries.push(journalEntry(observation, decision, bytes, 1_000, entries.at(-1)?.hash ?? ""))
  })
  const rows = entries.map((entry, index): FeedRow => {
    const { text, hash, raw, version } = entry
    const beside = { position: 3 * index + 1, repeats: 0, lastRepeatedAt: null }
    return { applicationReference: reference, version, text, hash, raw, ...beside }
  })
  return {
    rows,
    snapshot: {
      ...loan,
      snapshot: snapshotText(loan),
      externalReference: null,
      closed: isClosed(loan.facts),
      chainHead: entries.at(-1)?.hash ?? "",
      nextPollAt: 1_000,
      watermark: null,
    },
  }
})

/** Seals the rows with checkpoints of at most `rowsMax` rows each. */
function sealed(rows: ReadonlyArray<SealedRow>, rowsMax: number) {
  const seals = []
  for (let from = 0; from < rows.length; from += rowsMax) {
    const checkpoint = sealRows(seals.at(-1), rows.slice(from, from + rowsMax), 1_000)
    seals.push({ ...checkpoint, rows: canonicalJson(checkpoint.rows.map((row) => ({ ...row }))) })
  }
  return seals
}

const sealedRows = fc
  .array(
    fc.record({
      version: fc.integer({ min: 1, max: 99 }),
      applicationReference: fc.string({ minLength: 1 }),
    }),
  )
  .map((rows) =>
    rows.map((row, index): SealedRow => ({ ...row, position: index + 1, hash: digestOf(Buffer.of(index)) })),
  )

describe("the judge of a loan", () => {
  it("finds nothing in anything that the engine writes", () => {
    fc.assert(
      fc.property(written, ({ rows, snapshot }) => {
        const judge = judgeLoan(reference)
        expect([...rows.flatMap((row) => judge.row(row)), ...judge.end(snapshot)]).toEqual([])
      }),
      settings,
    )
  })

  it("finds every row that is missing, doubled or too early", () => {
    fc.assert(
      fc.property(
        written,
        fc.nat(),
        fc.constantFrom("omit", "double", "advance"),
        ({ rows, snapshot }, chance, how) => {
          const at = chance % rows.length
          const row = rows[at]
          if (row === undefined || (how === "advance" && at === 0)) return
          const others = rows.toSpliced(at, 1)
          const disordered = {
            omit: others,
            double: rows.toSpliced(at, 0, row),
            advance: others.toSpliced(at - 1, 0, row),
          }
          const judge = judgeLoan(reference)
          expect([...disordered[how].flatMap((row) => judge.row(row)), ...judge.end(snapshot)]).not.toEqual(
            [],
          )
        },
      ),
      settings,
    )
  })
})

describe("the judge of the feed", () => {
  it("finds nothing in sealed rows, and names each missing row", () => {
    fc.assert(
      fc.property(sealedRows, fc.integer({ min: 1, max: 9 }), fc.nat(), (rows, rowsMax, chance) => {
        fc.pre(rows.length > 0)
        const missing = rows[chance % rows.length]
        for (const left of [rows, rows.filter((row) => row !== missing)]) {
          const judge = judgeFeed({ anchors: [], isGapless: true })
          const found = sealed(rows, rowsMax).flatMap((checkpoint) => {
            const before = checkpoint.position - JSON.parse(checkpoint.rows).length
            const end = judge.begin(checkpoint)
            const own = left.filter(({ position }) => position > before && position <= end)
            return [...own.flatMap(judge.row), ...judge.end()]
          })
          const expected = left === rows ? [] : [{ code: "row-missing", position: missing?.position }]
          expect(found).toMatchObject(expected)
        }
      }),
      settings,
    )
  })

  it("computes the same root for streamed rows as for a list of rows", () => {
    fc.assert(
      fc.property(sealedRows, (rows) => {
        const stream = makeMerkleStream()
        for (const row of rows) stream.add(row)
        expect(stream.root()).toBe(merkleRoot(rows))
      }),
      settings,
    )
  })
})
