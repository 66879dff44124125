import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findingMeanings } from "@loan-engine/app/audit/finding"
import type { Finding } from "@loan-engine/app/audit/finding"
import type { Anchor } from "@loan-engine/app/journal/anchor"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { propertySeed } from "../../proof/properties/settings.ts"
import { liveOn, replayFile, verifyFile } from "./lived-store.ts"
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
    expect([...shown].toSorted()).toEqual(Object.keys(findingMeanings).toSorted())
  })
})
