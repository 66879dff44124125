import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { digestOf, journalEntry } from "@loan-engine/app/journal/entry"
import type { Change, StoredLoan } from "@loan-engine/app/ports/loan-store"
import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { observe } from "@loan-engine/domain/loan"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { onStore, replayFile, say, verifyFile } from "../../engine/journal/lived-store.ts"
import { runCommand } from "../../engine/journal/run-command.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { textsOf } from "../bodies.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-processes-"))
afterAll(() => rmSync(directory, { recursive: true }))

const writingProcess = fileURLToPath(new URL("./writing-process.ts", import.meta.url))

/** A process that opens the store and waits for the order to write. */
function startWriter(path: string, name: string) {
  const child = spawn(process.execPath, [writingProcess, path, name, String(changesEach)], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const exited = once(child, "exit")
  return {
    ready: once(child.stdout, "data"),
    begin: () => child.stdin.end(),
    code: (async () => (await exited)[0] as number | null)(),
  }
}

const changesEach = 200
const writerNames = ["one", "other"]

/** Both processes write about one loan in a new file. The result is how often they took turns. */
async function writeTogether(path: string): Promise<number> {
  await onStore(path, Effect.asVoid(LoanEngine))
  const writers = writerNames.map((name) => startWriter(path, name))
  await Promise.all(writers.map(({ ready }) => ready))
  for (const { begin } of writers) begin()
  expect(await Promise.all(writers.map(({ code }) => code))).toEqual([0, 0])
  const words = wordsIn(path)
  const expected = writerNames.flatMap((name) =>
    Array.from({ length: changesEach }, (_, index) => `${name} ${index}`),
  )
  expect(words.toSorted()).toEqual(expected.toSorted())
  expect(await verifyFile(path)).toMatchObject({ rows: 2 * changesEach, loans: 1, findings: [] })
  expect(await replayFile(path)).toMatchObject({ findings: [] })
  return words.filter((each, index) => each.split(" ")[0] !== words[index - 1]?.split(" ")[0]).length
}

/** The bodies of both processes, in the order of the journal. */
function wordsIn(path: string): ReadonlyArray<string> {
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare("SELECT raw FROM journal ORDER BY version").all()
  database.close()
  return rows.map(({ raw }) => Buffer.from(raw instanceof Uint8Array ? raw : []).toString())
}

const requested = (at: number) => ({
  source: "callback" as const,
  evidence: "credentials" as const,
  events: [{ type: "addition.requested" as const, at }],
})
const sayOnce = (body: string) => say("shared", 900, { ...requested(900), body })

let moments = 2_000
/** The change that the engine would write for another request for documents. */
function changeOf(stored: StoredLoan | undefined, body: string): Change {
  if (stored === undefined) throw new Error("the loan is known")
  const receivedAt = moments++
  const { loan, chainHead, schedule } = stored
  const { applicationReference, account } = loan
  const observation = { ...requested(receivedAt), applicationReference, account, receivedAt }
  const decision = observe(loan, observation)
  const raw = Buffer.from(body)
  const entry = journalEntry(observation, decision, { raw, digest: digestOf(raw) }, receivedAt, chainHead)
  return { entry, loan: decision.loan, schedule, addsNothing: false }
}

describe("two processes that write one loan at the same time", () => {
  it("lose nothing, and leave one sound chain", async () => {
    // On a busy machine one process may finish before the other begins. The test continues until both have written in
    // turns.
    let turns = 0
    for (let file = 0; turns <= 2; file++)
      turns = await writeTogether(join(directory, `shared-${file}.sqlite`))
  })
})

describe("two changes of one loan that are decided together, the second after the first", () => {
  it("are both decided again when another process has written a change of the same version meanwhile", async () => {
    const path = join(directory, "overtaken.sqlite")
    await onStore(path, sayOnce("before"))
    let overtake: (() => void) | undefined = () =>
      void execFileSync(process.execPath, [writingProcess, path, "other", "1"], { input: "" })
    const reference = ApplicationReference.make("shared")
    await onStore(
      path,
      Effect.gen(function* () {
        const store = yield* LoanStore
        const overtaken = store.update(reference, (stored) => {
          overtake?.()
          overtake = undefined
          return changeOf(stored, "second")
        })
        const first = store.update(reference, (stored) => changeOf(stored, "first"))
        yield* Effect.all([first, overtaken], { concurrency: "unbounded" })
      }),
    )
    const bodies = await onStore(
      path,
      Effect.flatMap(JournalStore, (journal) => textsOf(journal, reference)),
    )
    expect(bodies).toEqual(["before", "other 0", "first", "second"])
    expect(await verifyFile(path)).toMatchObject({ rows: 4, findings: [] })
    expect(await replayFile(path)).toMatchObject({ findings: [] })
  })
})

const signedCallback = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

describe("a verification beside an engine that is writing", () => {
  it("sees the store as of one moment, and finds it sound", async () => {
    const path = join(directory, "busy.sqlite")
    const engine = await startEngine(path, { LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20" })
    const looked = new AbortController()
    let sent = 0
    const writing = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!looked.signal.aborted)
          expect((await engine.callback(signedCallback(`busy-${sent++}`))).status).toBe(200)
      }),
    )
    for (let times = 0; times < 3; times++) {
      const { code, stdout } = await runCommand(path, "journal", "verify", "--json")
      expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
        code: 0,
        sound: true,
        findings: [],
      })
    }
    looked.abort()
    await writing
    expect(await engine.stop()).toBe(0)
    const { rows, unsealed } = await verifyFile(path)
    expect([rows, unsealed.rows]).toEqual([sent, 0])
  })
})

describe("an engine whose disk is full", () => {
  it("answers 503, is not ready, loses nothing that it acknowledged, and continues when there is room again", async () => {
    const path = join(directory, "full.sqlite")
    const blocksMax = 2_000
    const engine = await startEngine(path, {}, undefined, `-f ${blocksMax}`)
    const acknowledged: Array<string> = []
    let refused: Response | undefined
    for (let index = 0; refused === undefined; index++) {
      const answer = await engine.callback(signedCallback(`full-${index}`))
      if (answer.status === 200) acknowledged.push(`full-${index}`)
      else refused = answer
    }
    expect(acknowledged.length).toBeGreaterThan(10)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    // The readiness checks use up the last bytes of room.
    const ready = async () => (await fetch(`${engine.url}/health/ready`)).status
    await expect.poll(ready).toBe(503)
    const late = `full-${acknowledged.length}`
    expect((await engine.callback(signedCallback(late))).status).toBe(503)
    for (const reference of acknowledged) {
      expect((await engine.api("GET", `/v1/loans/${reference}`)).status).toBe(200)
    }
    // The engine's log has reached the limit. Another process, which has no such limit, empties the log into the
    // file.
    const other = new DatabaseSync(path)
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    await expect.poll(async () => (await engine.callback(signedCallback(late))).status).toBe(200)
    await expect.poll(ready).toBe(200)
    expect(await engine.stop()).toBe(0)
    expect(await verifyFile(path)).toMatchObject({
      rows: acknowledged.length + 1,
      loans: acknowledged.length + 1,
      findings: [],
    })
  })
})
