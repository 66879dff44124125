import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import { LoanEngine } from "@loan-engine/app/engine"
import { digestOf, journalEntry } from "@loan-engine/app/journal/journal"
import type { Change, StoredLoan } from "@loan-engine/app/loan-store"
import { LoanStore } from "@loan-engine/app/loan-store"
import { observe } from "@loan-engine/domain/loan"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { onStore, replayFile, say, verifyFile } from "../journal/lived-store.ts"
import { runCommand } from "../journal/run-command.ts"
import { startEngine } from "../slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-processes-"))
afterAll(() => rmSync(directory, { recursive: true }))

const writingProcess = fileURLToPath(new URL("./writing-process.ts", import.meta.url))

/** A process that has the store open, writes once it is told to, and goes on until it is told to end. */
function startWriter(path: string, name: string) {
  const child = spawn(process.execPath, [writingProcess, path, name], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const exited = once(child, "exit")
  return {
    ready: once(child.stdout, "data"),
    begin: () => child.stdin.write("begin\n"),
    end: () => child.stdin.end(),
    code: (async () => (await exited)[0] as number | null)(),
  }
}

/** What the two have said, in the order of the journal. */
function wordsIn(path: string) {
  const database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare("SELECT raw FROM journal ORDER BY version").all()
  database.close()
  return rows.map(({ raw }) => {
    const [name = "", number] = Buffer.from(raw instanceof Uint8Array ? raw : [])
      .toString()
      .split(" ")
    return { name, number: Number(number) }
  })
}

const requested = (at: number) => ({
  source: "callback" as const,
  evidence: "credentials" as const,
  events: [{ type: "addition.requested" as const, at }],
})
const sayOnce = (body: string) => say("shared", 900, { ...requested(900), body })

let moments = 2_000
/** What the engine would write for one more request for an addition. */
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
  it("lose nothing between them, and leave one sound chain", async () => {
    const path = join(directory, "shared.sqlite")
    await onStore(path, Effect.asVoid(LoanEngine))
    const changesEach = 200
    const names = ["one", "other"]
    const writers = names.map((name) => startWriter(path, name))
    await Promise.all(writers.map(({ ready }) => ready))
    for (const { begin } of writers) begin()
    // They write until each has written enough, and by turns, not one after the other.
    const written = async () => {
      const words = wordsIn(path)
      const turns = words.filter((each, index) => each.name !== words[index - 1]?.name).length
      const fewest = Math.min(...names.map((name) => words.filter((each) => each.name === name).length))
      return turns > 2 && fewest >= changesEach
    }
    await expect.poll(written).toBe(true)
    for (const { end } of writers) end()
    expect(await Promise.all(writers.map(({ code }) => code))).toEqual([0, 0])
    const words = wordsIn(path)
    for (const name of names) {
      const numbers = words.filter((each) => each.name === name).map(({ number }) => number)
      expect(numbers.toSorted((one, other) => one - other)).toEqual(numbers.map((_, index) => index))
    }
    expect(await verifyFile(path)).toMatchObject({ rows: words.length, loans: 1, findings: [] })
    expect(await replayFile(path)).toMatchObject({ findings: [] })
  })
})

describe("two changes of one loan that are decided together, the second upon the first", () => {
  it("are both decided again when another process has meanwhile written a change of the same version", async () => {
    const path = join(directory, "overtaken.sqlite")
    await onStore(path, sayOnce("before"))
    let overtake: (() => void) | undefined = () =>
      void execFileSync(process.execPath, [writingProcess, path, "other", "once"], { input: "begin\n" })
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
    const history = await onStore(
      path,
      Effect.flatMap(LoanEngine, (engine) => engine.history(reference)),
    )
    expect(history.map(({ raw }) => Buffer.from(raw ?? []).toString())).toEqual([
      "before",
      "other 0",
      "first",
      "second",
    ])
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
  it("answers 503, is not ready, loses nothing that it acknowledged, and goes on where there is room again", async () => {
    const path = join(directory, "full.sqlite")
    const blocksMax = 2_000
    const engine = await startEngine(path, {}, undefined, blocksMax)
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
    // The last bytes of room are taken by looking whether there is room.
    const ready = async () => (await fetch(`${engine.url}/health/ready`)).status
    await expect.poll(ready).toBe(503)
    const late = `full-${acknowledged.length}`
    expect((await engine.callback(signedCallback(late))).status).toBe(503)
    for (const reference of acknowledged) {
      expect((await engine.api("GET", `/v1/loans/${reference}`)).status).toBe(200)
    }
    expect(await engine.stop()).toBe(0)
    const again = await startEngine(path)
    expect((await again.callback(signedCallback(late))).status).toBe(200)
    expect((await fetch(`${again.url}/health/ready`)).status).toBe(200)
    expect(await again.stop()).toBe(0)
    expect(await verifyFile(path)).toMatchObject({
      rows: acknowledged.length + 1,
      loans: acknowledged.length + 1,
      findings: [],
    })
  })
})
