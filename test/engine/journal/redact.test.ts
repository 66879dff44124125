import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { redactLoan } from "@loan-engine/app/record/redaction"
import { redactionBytes } from "@loan-engine/app/journal/redaction-record"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { seeded } from "../../proof/simulation/seeded.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { onStore, replayFile, say, verifyFile } from "./lived-store.ts"
import { runCommand } from "./run-command.ts"
import { bodiesOf } from "../../stores/bodies.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-redact-"))
afterAll(() => rmSync(directory, { recursive: true }))

const reference = (name: string) => ApplicationReference.make(name)

/** A body in which every part names its loan. So a part on any page of the file can be recognised. */
const bodyOf = (loan: string, index: number, length: number): string => {
  const mark = `<${loan} says ${index}>`
  return mark.repeat(Math.ceil(length / mark.length))
}

/** Whether the store's files still contain any part of the loan's bodies, on any page. */
const isToBeFound = (path: string, loan: string): boolean =>
  ["", "-wal", "-shm", "-journal"]
    .map((companion) => `${path}${companion}`)
    .filter((file) => existsSync(file))
    .some((file) => readFileSync(file).includes(`<${loan} says `))

/**
 * Sizes of bodies. Some fit in one page, and some need several. Repetitions make some rows longer, so that SQLite
 * must move them.
 */
const lengths = [20, 200, 500, 700, 1_200, 1_900, 3_000, 4_050, 6_000, 12_000]

const speak = (loans: ReadonlyArray<string>) =>
  Effect.forEach(lengths, (length, index) =>
    Effect.forEach(loans, (loan) =>
      Effect.forEach([1, 2], (time) =>
        say(loan, 1_000 + 10 * index + time, {
          source: "callback",
          evidence: "credentials",
          events: [{ type: "addition.requested", at: 1_000 + index }],
          body: bodyOf(loan, index, length),
        }),
      ),
    ),
  )

const order = { applicationReference: reference("A"), by: "Ada", reason: "asked for", dryRun: false }

describe("a redaction", () => {
  it("removes the loan's bodies from all of the store's files, keeps the other loans' bodies, and leaves a record", async () => {
    const path = join(directory, "redacted.sqlite")
    const loans = ["A", "B", "C", "D"]
    await onStore(path, speak(loans))
    expect(loans.filter((loan) => isToBeFound(path, loan))).toEqual(loans)
    const redaction = await onStore(path, redactLoan(order))
    expect(redaction).toEqual({
      applicationReference: "A",
      bodies: lengths.length,
      upToVersion: lengths.length,
    })
    expect(loans.filter((loan) => isToBeFound(path, loan))).toEqual(["B", "C", "D"])
    expect(await verifyFile(path)).toMatchObject({ findings: [], loans: 4 })
    expect(await replayFile(path)).toMatchObject({ findings: [] })
    const history = await onStore(
      path,
      Effect.flatMap(LoanEngine, (engine) => engine.history(reference("A"))),
    )
    const bodies = await onStore(
      path,
      Effect.flatMap(JournalStore, (journal) => bodiesOf(journal, "A")),
    )
    const raws = [...bodies.values()]
    expect(raws.length).toBe(history.length)
    expect(raws.slice(0, -1).every((raw) => raw === null)).toBe(true)
    expect(history.at(-1)).toMatchObject({ source: "operator", evidence: "operator", events: [] })
    expect(JSON.parse(Buffer.from(raws.at(-1) ?? []).toString())).toEqual({
      redaction: { by: "Ada", reason: "asked for", upToVersion: lengths.length },
    })
  })

  it("done again adds no row; an erased callback that is repeated is counted, but not stored again", async () => {
    const path = join(directory, "again.sqlite")
    await onStore(path, Effect.andThen(speak(["A"]), redactLoan(order)))
    const { rows } = await verifyFile(path)
    expect(await onStore(path, redactLoan(order))).toMatchObject({ bodies: 0, upToVersion: 0 })
    await onStore(path, speak(["A"]))
    expect(isToBeFound(path, "A")).toBe(false)
    expect(await verifyFile(path)).toMatchObject({ rows, findings: [] })
  })

  it("that was interrupted after its record is completed by the same command, without a second record", async () => {
    const path = join(directory, "broken-off.sqlite")
    const redaction = { by: "Ada", reason: "asked for", upToVersion: lengths.length }
    const recordAlone = say("A", 2_000, {
      source: "operator",
      evidence: "operator",
      events: [],
      body: Buffer.from(redactionBytes({ redaction })).toString(),
    })
    await onStore(path, Effect.andThen(speak(["A"]), recordAlone))
    expect(await onStore(path, redactLoan(order))).toMatchObject({ bodies: lengths.length })
    expect(isToBeFound(path, "A")).toBe(false)
    expect(await verifyFile(path)).toMatchObject({ rows: lengths.length + 1, findings: [] })
  })

  it("also leaves nothing in the gaps of pages after rows were moved", async () => {
    const path = join(directory, "moved.sqlite")
    const loans = Array.from({ length: 12 }, (_, index) => `L${index}`)
    await onStore(path, speakAtRandom(loans, seedOfGaps))
    for (const loan of loans) {
      expect(isToBeFound(path, loan)).toBe(true)
      await onStore(path, redactLoan({ ...order, applicationReference: reference(loan) }))
      expect(isToBeFound(path, loan)).toBe(false)
    }
    expect(await verifyFile(path)).toMatchObject({ findings: [] })
  })

  it("reports that copies may be left while somebody reads, and is completed when nobody reads", async () => {
    const path = join(directory, "read.sqlite")
    await onStore(path, speak(["A"]))
    const reader = new DatabaseSync(path, { readOnly: true })
    reader.exec("BEGIN")
    reader.prepare("SELECT count(*) FROM journal").get()
    const impatient = LoanEngine.layer(cadenceDefaults).pipe(
      Layer.provideMerge(layerSqlite({ path, ...sqliteDefaults, busyTimeoutMs: 20 })),
    )
    const error = await Effect.runPromise(Effect.flip(Effect.provide(redactLoan(order), impatient)))
    expect(error).toMatchObject({
      _tag: "StoreUnavailable",
      message: expect.stringContaining("no other command is reading"),
    })
    expect(isToBeFound(path, "A")).toBe(true)
    reader.close()
    await onStore(path, redactLoan(order))
    expect(isToBeFound(path, "A")).toBe(false)
  })
})

/** Records bodies of all sizes, with repetitions between them. So the rows grow, and SQLite moves them. */
const speakAtRandom = (loans: ReadonlyArray<string>, seed: string) =>
  Effect.suspend(() => {
    const { between } = seeded(seed)
    const drawn = (max: number): number => Math.floor(between(0, max))
    return Effect.forEach(Array.from({ length: 120 }), (_, moment) => {
      const loan = loans[drawn(loans.length)] ?? "A"
      const index = drawn(lengths.length)
      return say(loan, 1_000 + moment, {
        source: "callback",
        evidence: "credentials",
        events: [{ type: "addition.requested", at: 1_000 + index }],
        body: bodyOf(loan, index, lengths[index] ?? 0),
      })
    })
  })

/** With this seed, a copy of a body stays in a gap of the file, although SQLite deletes securely. */
const seedOfGaps = "gaps-1834"

describe("loan-engine journal redact", () => {
  it("works next to a running engine; a dry run only reports, and an unknown loan is an error", async () => {
    const path = join(directory, "beside.sqlite")
    const engine = await startEngine(path)
    const body = JSON.stringify({
      externalApplicationEvent: { applicationReference: "A", applicationEventType: "SIGNED" },
      more: "<A says 0>",
    })
    expect((await engine.callback(body)).status).toBe(200)
    const redact = (...more: ReadonlyArray<string>) =>
      runCommand(path, "journal", "redact", "A", "--by", "Ada", "--reason", "asked for", ...more)
    expect(await redact("--dry-run")).toMatchObject({
      code: 0,
      stdout: "would erase 1 raw body of loan A, up to version 1\n",
    })
    expect(isToBeFound(path, "A")).toBe(true)
    expect(await redact("--json")).toMatchObject({ code: 0, stderr: "" })
    expect(isToBeFound(path, "A")).toBe(false)
    expect((await engine.callback(body)).status).toBe(200)
    const history = await (await engine.api("GET", "/v1/loans/A/history")).json()
    expect(history).toMatchObject([{ repeats: 1 }, { source: "operator", disposition: "repeated" }])
    const unknown = await runCommand(path, "journal", "redact", "nobody", "--by", "Ada", "--reason", "x")
    expect(unknown).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining("No loan") })
    expect(await engine.stop()).toBe(0)
    expect(await runCommand(path, "journal", "verify")).toMatchObject({ code: 0, stderr: "" })
  })
})
