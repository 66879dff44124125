import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { loanClient } from "@loan-engine/app/client"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { query, startPostgres } from "../../stores/postgres/server.ts"
import { apiKey, freePort, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { call, decision, event } from "./api-call.ts"
import { openEvents } from "./event-stream.ts"

/** A kind of store. It can create a store, copy a closed store, and delete rows under a running engine. */
interface StoreKind {
  readonly create: () => Promise<string>
  readonly backUp: (url: string) => Promise<string>
  /**
   * Deletes a loan's rows. The same happens when a standby that lagged becomes the primary: it never had the last
   * rows.
   */
  readonly putBack: (url: string, reference: string) => Promise<void>
}

const directory = mkdtempSync(join(tmpdir(), "loan-engine-cursors-"))
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

let files = 0
const newFile = (): string => join(directory, `${files++}.sqlite`)
const sqlite: StoreKind = {
  create: () => Promise.resolve(newFile()),
  backUp: (path) => {
    const copy = newFile()
    copyFileSync(path, copy)
    return Promise.resolve(copy)
  },
  putBack: (path, reference) => {
    const database = new DatabaseSync(path)
    for (const table of ["journal", "loans"])
      database.prepare(`DELETE FROM ${table} WHERE application_reference = ?`).run(reference)
    database.close()
    return Promise.resolve()
  },
}
const postgres: StoreKind = {
  create: () => server.newDatabase(),
  backUp: (url) => server.newDatabase(`TEMPLATE ${new URL(url).pathname.slice(1)}`),
  putBack: async (url, reference) => {
    for (const table of ["journal", "loans"])
      await query(url, `DELETE FROM loan_engine.${table} WHERE application_reference = $1`, [reference])
  },
}

const quick = {
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
  LOAN_ENGINE_CHANGES_POLL_MS: "50",
  LOAN_ENGINE_CHANGES_HEARTBEAT_MS: "200",
}
const send = async (engine: EngineProcess, ...references: ReadonlyArray<string>): Promise<void> => {
  for (const reference of references) {
    expect((await engine.callback(decision(reference, "APPROVED"))).status).toBe(200)
  }
}

/** The cursors of the newest changes, as a stream has them. */
async function cursorsOf(engine: EngineProcess, count: number): Promise<ReadonlyArray<string>> {
  const stream = await openEvents(`${engine.url}/v1/changes?after=0`)
  const cursors: Array<string> = []
  while (cursors.length < count) {
    const event = await stream.next()
    if (event !== undefined && event.data !== "") cursors.push(event.id)
  }
  stream.close()
  return cursors
}

/** The answers to the same cursor, in each place where a request can have one. */
const answers = (engine: EngineProcess, reference: string, cursor: string) =>
  Promise.all(
    ["/v1/changes", `/v1/loans/${reference}/changes`].flatMap((path) => [
      answerOf(engine, `${path}?after=${cursor}`, {}),
      answerOf(engine, path, { "last-event-id": cursor }),
    ]),
  )

async function answerOf(engine: EngineProcess, path: string, headers: Record<string, string>) {
  const answer = await call(engine.url, path, { headers })
  if (answer.status !== 200) return ((await answer.json()) as { readonly code: string }).code
  await answer.body?.cancel()
  return "stream"
}

const refused = Array.from({ length: 4 }, () => "cursor-unknown")
const streams = Array.from({ length: 4 }, () => "stream")

describe.each([
  ["SQLite", sqlite],
  ["PostgreSQL", postgres],
])("a cursor on %s", (_name, kind) => {
  it("continues if the feed still has its position, and is refused if not", async () => {
    const engine = await startEngine(await kind.create(), quick)
    await send(engine, "a", "b")
    const [first = "", last = ""] = await cursorsOf(engine, 2)
    const [position = "", mark = ""] = last.split("-")
    const beyond = String(Number(position) + 1)
    const known = [first, last, "0", position]
    for (const cursor of known) expect(await answers(engine, "a", cursor)).toEqual(streams)
    const otherMark = mark.replace(/^./u, (digit) => (digit === "0" ? "1" : "0"))
    const unknown = [beyond, "999999999999999", `${beyond}-${mark}`, `${position}-${otherMark}`, `0-${mark}`]
    for (const cursor of unknown) expect(await answers(engine, "a", cursor)).toEqual(refused)
    for (const cursor of ["-1", "1.5", `${position}-`, `${position}-${mark}0`, "x"])
      expect(new Set(await answers(engine, "a", cursor))).toEqual(new Set(["request-invalid"]))
    await engine.stop()
  })

  it("survives restarts and restored backups while its position exists, and is refused after the history has changed", async () => {
    const url = await kind.create()
    const first = await startEngine(url, quick)
    await send(first, "a", "b")
    await first.stop()
    const backup = await kind.backUp(url)
    const second = await startEngine(url, quick)
    await send(second, "c")
    const [, kept = "", lost = ""] = await cursorsOf(second, 3)
    await second.stop()

    const restored = await startEngine(backup, quick)
    expect(await answers(restored, "a", kept)).toEqual(streams)
    expect(await answers(restored, "a", lost)).toEqual(refused)
    // The restored store grows beyond this position. The position now belongs to another row or to none.
    await send(restored, "d", "e", "f")
    expect(await answers(restored, "a", kept)).toEqual(streams)
    expect(await answers(restored, "a", lost)).toEqual(refused)
    await restored.stop()
  })

  it("of an open stream becomes invalid when the engine's store is replaced by an older one", async () => {
    const url = await kind.create()
    const engine = await startEngine(url, quick)
    await send(engine, "a", "b")
    const stream = await openEvents(`${engine.url}/v1/changes?after=0`)
    expect(await stream.positions(2)).toHaveLength(2)
    const lost = (await cursorsOf(engine, 2)).at(-1) ?? ""
    await kind.putBack(url, "b")
    // Until its end, the stream has heartbeats only.
    for (let next = await stream.next(); next !== undefined; next = await stream.next())
      expect(next.data).toBe("")
    expect(await answers(engine, "a", lost)).toEqual(refused)
    await engine.stop()
  })

  it("makes the client's watches load again and count a reset", async () => {
    const port = await freePort()
    const url = await kind.create()
    const first = await startEngine(url, quick, port)
    await send(first, "a", "b")
    await first.stop()
    const backup = await kind.backUp(url)
    const second = await startEngine(url, quick, port)
    const client = loanClient({ baseUrl: second.url, apiKey, reconnectMsMin: 20, reconnectMsMax: 200 })
    const one = client.watchLoan("a")
    const gone = client.watchLoan("c")
    const many = client.watchLoans()
    const changes = client.watchChanges()
    for (const watch of [one, gone, many, changes]) onTestFinished(watch.subscribe(() => undefined))
    await expect.poll(() => changes.getSnapshot().status).toBe("live")
    await expect.poll(() => one.getSnapshot().status).toBe("live")
    await send(second, "c")
    await second.callback(event("a", "SIGNED"))
    await second.callback(event("a", "PAID_OUT"))
    await expect.poll(one.getSnapshot).toMatchObject({ loan: { stage: "paidOut" }, resets: 0 })
    await expect.poll(gone.getSnapshot).toMatchObject({ status: "live", loan: { stage: "approved" } })
    await expect.poll(() => many.getSnapshot().loans.length).toBe(3)
    await expect.poll(() => changes.getSnapshot().changes.length).toBe(3)
    await second.stop()

    const restored = await startEngine(backup, quick, port)
    await expect.poll(one.getSnapshot).toMatchObject({
      status: "live",
      resets: 1,
      loan: { stage: "approved", version: 1 },
    })
    await expect.poll(gone.getSnapshot).toMatchObject({ status: "connecting", resets: 1, loan: undefined })
    await expect.poll(many.getSnapshot).toMatchObject({ status: "live", resets: 1 })
    const shown = many.getSnapshot().loans
    expect(shown.map(({ applicationReference, stage }) => [applicationReference, stage])).toEqual([
      ["a", "approved"],
      ["b", "approved"],
    ])
    await expect.poll(changes.getSnapshot).toMatchObject({ status: "live", resets: 1, changes: [] })
    await restored.callback(event("a", "SIGNED"))
    await expect.poll(one.getSnapshot).toMatchObject({ status: "live", loan: { stage: "signed" } })
    await expect.poll(() => changes.getSnapshot().changes.length).toBe(1)
    await restored.stop()
  })
})
