import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Anchor } from "@loan-engine/app/journal/anchor"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { propertySeed } from "../../proof/properties/settings.ts"
import { alterations, altered } from "./alterations.ts"
import type { Alteration, Value } from "./alterations.ts"
import { liveOn, verifyFile } from "./lived-store.ts"
import { TamperedFile } from "./tampered-file.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-alteration-"))
const template = join(directory, "template.sqlite")
const copy = join(directory, "copy.sqlite")
let anchor: Anchor
beforeAll(async () => {
  await liveOn(template, { tail: false })
  const { newestCheckpoint } = await verifyFile(template)
  if (newestCheckpoint === null) throw new Error("the store is sealed")
  anchor = newestCheckpoint
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Where {
  readonly applicationReference: unknown
  readonly version: unknown
  readonly checkpoint: unknown
}

/** SQLite's error code for a key that another row has already. Such a change is impossible. */
const uniqueViolated = 2067

function unlessThereIsOne(alteration: () => void): boolean {
  try {
    alteration()
    return true
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === uniqueViolated) return false
    throw error
  }
}

/** Changes one value in the file. Gives the place of its row, or `undefined` if nothing changed. */
function alter(alteration: Alteration): Where | undefined {
  const { table, column } = alteration
  const file = new TamperedFile(copy)
  const key = { journal: "position", loans: "rowid", checkpoints: "number" }[table]
  const rows = file.database.prepare(`SELECT rowid AS key, * FROM ${table} ORDER BY rowid`).all()
  const row = rows[alteration.row % rows.length]
  const value = altered(row?.[column] as Value, alteration)
  if (row === undefined || value === undefined) {
    file.database.close()
    return undefined
  }
  const altering = `UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`
  const done = unlessThereIsOne(() => file.run(altering, value, Number(row["key"])))
  file.database.close()
  if (!done) return undefined
  return {
    applicationReference: row["application_reference"] ?? null,
    version: row["version"] ?? null,
    checkpoint: row["number"] ?? null,
  }
}

/**
 * Whether a finding names this place. It names a checkpoint by its own number or by the next one, and a row by its
 * loan.
 */
const speaksOf = (where: Where) => (found: { applicationReference: unknown; checkpoint: unknown }) =>
  where.checkpoint === null
    ? found.applicationReference === where.applicationReference
    : found.checkpoint === where.checkpoint || found.checkpoint === Number(where.checkpoint) + 1

describe("any value of any row that is evidence", () => {
  it("cannot be altered without a verification that names the loan or the checkpoint", async ({ task }) => {
    let cases = 0
    await fc.assert(
      fc.asyncProperty(alterations, async (alteration) => {
        for (const companion of ["", "-wal", "-shm"]) rmSync(`${copy}${companion}`, { force: true })
        copyFileSync(template, copy)
        const where = alter(alteration)
        if (where === undefined) return
        cases++
        const { findings } = await verifyFile(copy, [anchor])
        expect(findings.filter(speaksOf(where))).not.toEqual([])
      }),
      { seed: propertySeed, numRuns: 150 },
    )
    expect(cases).toBeGreaterThan(100)
    task.meta.proofs = [{ property: "P6", means: "tampering", cases }]
  })
})
