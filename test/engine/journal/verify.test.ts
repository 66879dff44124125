import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findingMeanings } from "@loan-engine/app/audit/finding"
import type { Finding } from "@loan-engine/app/audit/finding"
import type { Anchor } from "@loan-engine/app/journal/anchor"
import { restAfterMs } from "@loan-engine/app/schedule/dormancy"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { propertySeed } from "../../proof/properties/settings.ts"
import { letOneRest, liveOn, onStore, replayFile, say, verifyFile } from "./lived-store.ts"
import { tamperings } from "./tamperings.ts"
import type { Tampering } from "./tamperings.ts"
import { victimsOf } from "./victims.ts"
import { TamperedFile } from "./tampered-file.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-verify-"))
const template = join(directory, "template.sqlite")
const copy = join(directory, "copy.sqlite")
let anchor: Anchor
beforeAll(async () => {
  await liveOn(template, { tail: true })
  const { newestCheckpoint } = await verifyFile(template)
  if (newestCheckpoint === null) throw new Error("the store is sealed")
  anchor = newestCheckpoint
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Tampers with a copy of the store. Gives the findings, and the expected finding. */
async function found(tampering: Tampering, chances: ReadonlyArray<number>) {
  for (const companion of ["", "-wal", "-shm"]) rmSync(`${copy}${companion}`, { force: true })
  copyFileSync(template, copy)
  const file = new TamperedFile(copy)
  const expected = tampering.tamper(victimsOf(file, chances))
  file.database.close()
  const { findings } = await (tampering.byReplay === true ? replayFile(copy) : verifyFile(copy, [anchor]))
  return { findings, expected }
}

const chances = fc.array(fc.nat(), { minLength: 3, maxLength: 3 })
const settings = { seed: propertySeed, numRuns: 6 }

describe("an unchanged store", () => {
  it("is sound, and its unsealed rows are reported", async () => {
    const verified = await verifyFile(template, [anchor])
    expect(verified.findings).toEqual([])
    expect(verified.unsealed).toEqual({ rows: 12, afterPosition: verified.rows - 12 })
    expect(verified).toMatchObject({ loans: 9, checkpoints: anchor.number })
    expect(await replayFile(template)).toMatchObject({ rows: verified.rows, loans: 9, findings: [] })
  })
})

/** Verifies a store with one loan whose due time somebody removed, with the default settings. */
async function afterLosingTheDueTime(live: (path: string) => Promise<unknown>) {
  const path = join(mkdtempSync(join(directory, "lost-")), "loans.sqlite")
  await live(path)
  const before = await verifyFile(path, [], undefined, restMs)
  expect(before.findings).toEqual([])
  const file = new TamperedFile(path)
  file.run("UPDATE loans SET next_poll_at = NULL")
  file.database.close()
  const { findings } = await verifyFile(path, [], undefined, restMs)
  return findings.map(({ code }) => code)
}
const restMs = restAfterMs(cadenceDefaults)

describe("a due time that is missing", () => {
  const callback = { source: "callback", evidence: "credentials", body: "{}" } as const

  it("is no finding if the loan rests, by any horizon; it is one after a callback", async () => {
    expect(await afterLosingTheDueTime(letOneRest)).toEqual([])
    const woken = await afterLosingTheDueTime(async (path) => {
      await letOneRest(path)
      const signed: LoanEvent = { type: "agreement.signed", at: Date.now() }
      await onStore(path, say("resting", Date.now(), { ...callback, events: [signed] }))
    })
    expect(woken).toEqual(["schedule-lost"])
  })

  it("is a finding if the bank has reported nothing about a registered loan, which is polled for ever", async () => {
    const registered = { source: "submission", evidence: "merchant", events: [], body: "<answer/>" } as const
    expect(
      await afterLosingTheDueTime((path) => onStore(path, say("registered", 1_000, registered))),
    ).toEqual(["schedule-lost"])
  })
})

describe("a changed store: the row, loan or checkpoint is named", () => {
  it.for(tamperings)("$name", async (tampering, { task }) => {
    task.meta.proofs = [{ property: "P6", means: "tampering", cases: settings.numRuns }]
    await fc.assert(
      fc.asyncProperty(chances, async (drawn) => {
        const { findings, expected } = await found(tampering, drawn)
        expect(findings).toContainEqual(expect.objectContaining(expected))
      }),
      settings,
    )
  })

  it("has a tampering for each kind of finding", async () => {
    const shown = new Set<Finding["code"]>()
    for (const tampering of tamperings) shown.add((await found(tampering, [1, 2, 3])).expected.code)
    // time-stamps.test.ts shows the finding that is in the file of anchors and not in the store.
    shown.add("anchor-stamp")
    expect([...shown].toSorted()).toEqual(Object.keys(findingMeanings).toSorted())
  })
})
