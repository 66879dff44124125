import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Anchor } from "@loan-engine/app/journal/anchor"
import { feedChecks } from "@loan-engine/app/audit/feed-judge"
import { findingMeanings } from "@loan-engine/app/audit/finding"
import type { FindingCode } from "@loan-engine/app/audit/finding"
import { replayChecks } from "@loan-engine/app/audit/judge-whole"
import { upkeepChecks } from "@loan-engine/app/audit/upkeep-checks"
import { loanChecks } from "@loan-engine/app/audit/loan-judge"
import type { Checks } from "@loan-engine/app/audit/verify-journal"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { liveOn, verifyFile } from "../../engine/journal/lived-store.ts"
import { TamperedFile } from "../../engine/journal/tampered-file.ts"
import { tamperings } from "../../engine/journal/tamperings.ts"
import { victimsOf } from "../../engine/journal/victims.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-checks-"))
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

const tables = [
  loanChecks.row,
  loanChecks.chain,
  loanChecks.journal,
  loanChecks.snapshot,
  feedChecks.checkpoint,
  upkeepChecks,
]
const codes = [
  ...tables.flatMap((table) => Object.keys(table)),
  ...feedChecks.rows,
  ...replayChecks,
] as ReadonlyArray<FindingCode>

const omit = <Table extends object>(table: Table, code: FindingCode): Table =>
  Object.fromEntries(Object.entries(table).filter(([name]) => name !== code)) as Table

/** A verifier that lacks one check. */
const without = (code: FindingCode): Checks => ({
  replay: new Set([...replayChecks].filter((each) => each !== code)),
  upkeep: omit(upkeepChecks, code),
  loan: {
    row: omit(loanChecks.row, code),
    chain: omit(loanChecks.chain, code),
    journal: omit(loanChecks.journal, code),
    snapshot: omit(loanChecks.snapshot, code),
  },
  feed: {
    checkpoint: omit(feedChecks.checkpoint, code),
    rows: new Set([...feedChecks.rows].filter((each) => each !== code)),
  },
})

describe("a verifier that lacks a check is caught by a tampering", () => {
  it.for(codes)("%s", async (code, { task }) => {
    const shows = tamperings.filter((tampering) => tampering.byReplay !== true)
    let caught = 0
    for (const tampering of shows) {
      for (const companion of ["", "-wal", "-shm"]) rmSync(`${copy}${companion}`, { force: true })
      copyFileSync(template, copy)
      const file = new TamperedFile(copy)
      const expected = tampering.tamper(victimsOf(file, [5, 6, 7]))
      file.database.close()
      if (expected.code !== code) continue
      const whole = await verifyFile(copy, [anchor])
      expect(whole.findings).toContainEqual(expect.objectContaining(expected))
      const { findings } = await verifyFile(copy, [anchor], without(code))
      expect(findings).not.toContainEqual(expect.objectContaining(expected))
      caught++
    }
    const what = `It verifies the journal without the check: ${findingMeanings[code]}`
    task.meta.canary = { name: `verifier: without ${code}`, what, killedBy: caught > 0 ? ["P6"] : [] }
    expect(caught).toBeGreaterThan(0)
  })
})
