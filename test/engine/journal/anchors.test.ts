import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { makeAnchors } from "@loan-engine/app/feed/anchors"
import { anchorLine, anchorsIn } from "@loan-engine/app/journal/anchor"
import { sealFeed } from "@loan-engine/app/feed/sealing"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startPostgres } from "../../stores/postgres/server.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import { lifeOf, liveOn, onStore, say } from "./lived-store.ts"
import { TamperedFile } from "./tampered-file.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-anchors-"))
let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(async () => {
  await server.remove()
  rmSync(directory, { recursive: true })
})

const signed = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })

/** An engine that seals its journal soon. It writes anchors to a file and sends them to a URL. */
const startAnchored = (path: string, anchorsFile: string, anchorsUrl: string) =>
  startEngine(path, {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_CHECKPOINT_EVERY_MS: "20",
    LOAN_ENGINE_ANCHORS_FILE: anchorsFile,
    LOAN_ENGINE_ANCHORS_URL: anchorsUrl,
  })

async function startKeeper(status: () => number) {
  const bodies: Array<string> = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body)
      response.writeHead(status()).end()
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/anchors`, bodies }
}

const kept = (file: string) => anchorsIn(readFileSync(file, "utf8"))

describe("an engine", () => {
  it.each(["SQLite", "PostgreSQL"])(
    "on %s anchors its first checkpoint at once and its last when it stops, in the file and at the URL",
    async (store) => {
      const path = store === "SQLite" ? join(directory, "kept.sqlite") : await server.newDatabase()
      const anchors = join(directory, `elsewhere-${store}`)
      const keeper = await startKeeper(() => 204)
      const engine = await startAnchored(path, anchors, keeper.url)
      expect((await engine.callback(signed("A"))).status).toBe(200)
      await expect.poll(() => keeper.bodies.length).toBe(1)
      expect((await engine.callback(signed("B"))).status).toBe(200)
      await engine.stop()
      const inFile = kept(anchors)
      expect(inFile.map(({ number }) => number)).toEqual([1, 2])
      expect(keeper.bodies.map((body) => JSON.parse(body))).toEqual(inFile)
      const environment = { LOAN_ENGINE_DATABASE_URL: path, LOAN_ENGINE_ANCHORS_FILE: anchors }
      const { code, out } = await runCli(["journal", "verify"], environment)
      expect([code, out]).toEqual([0, expect.stringContaining(`Compared with 2 anchors in ${anchors}`)])
    },
  )

  it("continues if an anchor cannot be kept, and logs this", async () => {
    const keeper = await startKeeper(() => 500)
    const nowhere = join(directory, "no", "such", "directory")
    const engine = await startAnchored(join(directory, "unkept.sqlite"), nowhere, keeper.url)
    expect((await engine.callback(signed("A"))).status).toBe(200)
    await expect.poll(() => keeper.bodies.length).toBe(1)
    await expect.poll(() => engine.written()).toContain("it answered 500")
    expect(engine.written()).toContain(nowhere)
    expect((await engine.callback(signed("B"))).status).toBe(200)
    expect(await engine.stop()).toBe(0)
  })
})

describe.each(["SQLite", "PostgreSQL"])("the anchors of a store on %s", (store) => {
  const newStore = (name: string): Promise<string> =>
    store === "SQLite" ? Promise.resolve(join(directory, `${name}.sqlite`)) : server.newDatabase()
  const anchorsOf = (name: string): string => join(directory, `${name}-anchors-${store}`)
  const environmentOf = (path: string, name: string) => ({
    LOAN_ENGINE_DATABASE_URL: path,
    LOAN_ENGINE_ANCHORS_FILE: anchorsOf(name),
    LOAN_ENGINE_API_KEY: apiKey,
    LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  })
  const lived = async (name: string): Promise<string> => {
    const path = await newStore(name)
    const engine = await startEngine(path, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_ANCHORS_FILE: anchorsOf(name),
    })
    expect((await engine.callback(signed(name))).status).toBe(200)
    expect(await engine.stop()).toBe(0)
    return path
  }

  it("show start, doctor and verify another store in its place, however sound that store is", async () => {
    await lived("one")
    const other = await lived("another")
    const itself = await runCli(["journal", "verify"], environmentOf(other, "another"))
    expect(itself).toMatchObject({ code: 0 })
    const replaced = environmentOf(other, "one")
    const started = await runCli(["serve"], replaced)
    expect(started).toMatchObject({ code: 2, err: expect.stringContaining("is not the store that") })
    expect(started.err).toContain(`move ${anchorsOf("one")} away`)
    const examined = await runCli(["doctor"], replaced)
    expect(examined).toMatchObject({ code: 1, out: expect.stringMatching(/anchors +failed/u) })
    expect(examined.out).toContain("is not the store that")
    const verified = await runCli(["journal", "verify"], replaced)
    expect(verified).toMatchObject({ code: 1, out: expect.stringContaining("anchor-mismatch") })
  })

  it("show start and doctor a store that fits the first of them only: changes may be lost, so the engine starts", async () => {
    const path = await lived("behind")
    const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect((await engine.callback(signed("later"))).status).toBe(200)
    expect(await engine.stop()).toBe(0)
    const [first] = kept(anchorsOf("behind"))
    if (first === undefined) throw new Error("there is no anchor")
    appendFileSync(
      anchorsOf("behind"),
      anchorLine({ ...first, number: first.number + 1, hash: "0".repeat(64) }),
    )
    const examined = await runCli(["doctor"], environmentOf(path, "behind"))
    expect(examined.out).toMatch(/anchors +warning/u)
    const again = await startEngine(path, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_ANCHORS_FILE: anchorsOf("behind"),
    })
    expect(again.written()).toContain("the store differs from its newest anchors")
    expect(await again.stop()).toBe(0)
  })

  it("show start and doctor an empty store in its place", async () => {
    await lived("full")
    const path = await newStore("empty")
    const emptied = environmentOf(path, "full")
    const started = await runCli(["serve"], emptied)
    expect(started).toMatchObject({
      code: 2,
      err: expect.stringContaining("contains no loans, but it once did"),
    })
    const examined = await runCli(["doctor"], emptied)
    expect(examined).toMatchObject({
      code: 1,
      out: expect.stringContaining("contains no loans, but it once did"),
    })
  })
})

describe("anchors", () => {
  it("are retried soon, only at the place that failed", async () => {
    const anchorsFile = join(directory, "one-of-two")
    const anchorEveryMs = 3_600_000
    let status = 500
    const keeper = await startKeeper(() => status)
    await onStore(
      join(directory, "one-of-two.sqlite"),
      Effect.scoped(
        Effect.gen(function* () {
          const { keepIfDue } = yield* makeAnchors({
            anchorsFile,
            anchorsUrl: keeper.url,
            anchorsTimeStampUrl: undefined,
            anchorEveryMs,
          })
          const [first] = lifeOf("A", 1_000)
          if (first !== undefined) yield* say("A", ...first)
          yield* sealFeed(10)
          yield* keepIfDue
          yield* keepIfDue
          expect([kept(anchorsFile).length, keeper.bodies.length]).toEqual([1, 1])
          yield* TestClock.adjust(60_000)
          status = 204
          yield* keepIfDue
          yield* TestClock.adjust(60_000)
          yield* keepIfDue
          expect([kept(anchorsFile).length, keeper.bodies.length]).toEqual([1, 2])
        }),
      ).pipe(Effect.provide(TestClock.layer())),
    )
  })

  it("are made once in each interval, and only if the feed has grown", async () => {
    const path = join(directory, "timed.sqlite")
    const anchorsFile = join(directory, "timed")
    const anchorEveryMs = 60_000
    await onStore(
      path,
      Effect.scoped(
        Effect.gen(function* () {
          const { keepIfDue, keepNewest } = yield* makeAnchors({
            anchorsFile,
            anchorsUrl: undefined,
            anchorsTimeStampUrl: undefined,
            anchorEveryMs,
          })
          const grow = (reference: string) =>
            Effect.gen(function* () {
              const [first] = lifeOf(reference, 1_000)
              if (first !== undefined) yield* say(reference, ...first)
              yield* sealFeed(10)
              yield* keepIfDue
            })
          yield* keepIfDue
          yield* grow("A")
          yield* grow("B")
          expect(kept(anchorsFile).map(({ number }) => number)).toEqual([1])
          yield* TestClock.adjust(anchorEveryMs)
          yield* keepIfDue
          yield* TestClock.adjust(anchorEveryMs)
          yield* keepIfDue
          expect(kept(anchorsFile).map(({ number }) => number)).toEqual([1, 2])
          yield* grow("C")
          yield* grow("D")
          yield* keepNewest
          yield* keepNewest
          expect(kept(anchorsFile).map(({ number }) => number)).toEqual([1, 2, 3, 4])
        }),
      ).pipe(Effect.provide(TestClock.layer())),
    )
  })

  it("let verify find a completely rewritten history, without a checkpoint that a person kept", async () => {
    const path = join(directory, "rewritten.sqlite")
    await liveOn(path, { tail: false })
    const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    await engine.stop()
    const environment = { LOAN_ENGINE_DATABASE_URL: path }
    expect((await runCli(["journal", "verify"], environment)).code).toBe(0)
    const file = new TamperedFile(path)
    file.run("DELETE FROM journal WHERE application_reference = 'loan-1'")
    file.run("DELETE FROM loans WHERE application_reference = 'loan-1'")
    file.resealAll()
    file.database.close()
    const { code, out } = await runCli(["journal", "verify"], environment)
    expect([code, out]).toEqual([1, expect.stringContaining("anchor-mismatch")])
  })

  it("that are unreadable end verify and the start with a hint; a line that is cut off is ignored", async () => {
    const anchors = join(directory, "torn")
    const [first] = kept(join(directory, "elsewhere-SQLite"))
    writeFileSync(anchors, `${JSON.stringify(first)}\nno anchor\n{"number":2,"ha`)
    expect(kept(anchors)).toEqual([first])
    const named = await runCli(["journal", "verify", "--anchors", join(directory, "none")], {
      LOAN_ENGINE_DATABASE_URL: join(directory, "kept.sqlite"),
    })
    expect([named.code, named.err]).toEqual([2, expect.stringContaining("There is no file")])
    chmodSync(anchors, 0o600)
    const { code, err } = await runCli(["journal", "verify", "--anchors", directory], {
      LOAN_ENGINE_DATABASE_URL: join(directory, "kept.sqlite"),
    })
    expect([code, err]).toEqual([2, expect.stringContaining("cannot be read")])
  })
})
