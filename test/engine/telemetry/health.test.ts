import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { LoanStore, StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { readyKeptMs, watchedStore } from "@loan-engine/app/record/measured-engine"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { makeReadiness } from "@loan-engine/app/serve/readiness"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, describe, expect, it } from "vitest"
import { testMsMax } from "../../patience.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-health-"))
afterAll(() => rmSync(directory, { recursive: true }))

const signed = JSON.stringify({
  externalApplicationEvent: { applicationReference: "health-1", applicationEventType: "SIGNED" },
})

describe("an engine whose store cannot be written", () => {
  it("is alive and not ready, reports this, and is ready again when the store can be written", async () => {
    const path = join(directory, "held.sqlite")
    const engine = await startEngine(path, {
      LOAN_ENGINE_READY_MS_MAX: "50",
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
    })
    const ready = () => fetch(`${engine.url}/health/ready`)
    await expect.poll(async () => (await ready()).status).toBe(200)

    const other = new DatabaseSync(path)
    other.exec("BEGIN IMMEDIATE")
    await expect.poll(async () => (await ready()).status).toBe(503)
    const refused = await ready()
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({
      status: "not-ready",
      checks: { store: "slow", process: "ok" },
    })
    // The log says why, once in a while.
    const why = "The store did not answer within 50 ms (readyMsMax)."
    const lines = () =>
      engine
        .written()
        .split("\n")
        .filter((line) => line.includes(why))
    await expect.poll(() => lines().length).toBe(1)
    for (let asked = 0; asked < 3; asked++) expect((await ready()).status).toBe(503)
    expect(lines()).toEqual([expect.stringContaining("requests are answered 503")])
    // Only a key with the scope `operate` reads it here too.
    expect(await (await engine.api("GET", "/health/ready")).json()).toMatchObject({ reason: why })
    const asked = async (authorization?: string) =>
      (await fetch(`${engine.url}/health/ready`, { headers: authorization ? { authorization } : {} })).json()
    for (const key of [undefined, "Bearer wrong", "Basic bm8ga2V5"]) {
      expect(await asked(key)).toEqual({ status: "not-ready", checks: expect.anything() })
    }
    expect(engine.written()).toContain("a request had a wrong key")
    const alive = await fetch(`${engine.url}/health/live`)
    expect([alive.status, await alive.json()]).toEqual([200, { status: "alive" }])

    other.exec("COMMIT")
    other.close()
    await expect
      .poll(async () => (await ready()).json())
      .toMatchObject({ status: "ready", checks: { store: "ok", process: "ok" } })
    await engine.stop()
  })

  it("says that it is unavailable once the store refuses", async () => {
    const path = join(directory, "refusing.sqlite")
    const report = Effect.gen(function* () {
      const { report } = yield* makeReadiness(10_000)
      const before = yield* report
      const other = new DatabaseSync(path)
      other.exec("BEGIN IMMEDIATE")
      const during = yield* report
      other.close()
      return [before, during, yield* report]
    })
    const store = layerSqlite({ path, ...sqliteDefaults, busyTimeoutMs: 1 })
    const reports = await Effect.runPromise(Effect.scoped(Effect.provide(report, store)))
    expect(reports.map(({ ready, checks }) => [ready, checks.store])).toEqual([
      [true, "ok"],
      [false, "unavailable"],
      [true, "ok"],
    ])
  })

  it("is probed once at a time, for any number of callers", async () => {
    let asked = 0
    const counting = Effect.gen(function* () {
      const store = yield* LoanStore
      const ready = Effect.suspend(() => {
        asked++
        return store.ready
      })
      const { report } = yield* Effect.provideService(makeReadiness(10_000), LoanStore, { ...store, ready })
      return yield* Effect.all(
        Array.from({ length: 100 }, () => report),
        { concurrency: "unbounded" },
      )
    })
    const path = join(directory, "probed.sqlite")
    const store = layerSqlite({ path, ...sqliteDefaults, writerThread: true })
    const reports = await Effect.runPromise(Effect.scoped(Effect.provide(counting, store)))
    expect(reports.every(({ ready }) => ready)).toBe(true)
    expect(asked).toBe(1)
  })
})

describe("readiness that is requested all the time", () => {
  it("probes the store rarely, and at once after anything has failed", async () => {
    let probes = 0
    let isDown = false
    let meanwhile: Effect.Effect<unknown> = Effect.void
    const path = join(directory, "rarely.sqlite")
    const counting = Layer.effect(
      LoanStore,
      Effect.map(LoanStore, (real) => ({
        ...real,
        load: (reference: ApplicationReference) =>
          isDown ? Effect.fail(new StoreUnavailable({ message: "down" })) : real.load(reference),
        ready: Effect.suspend(() => {
          probes++
          return isDown
            ? Effect.fail(new StoreUnavailable({ message: "down" }))
            : Effect.andThen(meanwhile, real.ready)
        }),
      })),
    ).pipe(Layer.provideMerge(layerSqlite({ path, ...sqliteDefaults })))
    const asked = Effect.gen(function* () {
      const store = yield* LoanStore
      for (let times = 0; times < 1_000; times++) yield* store.ready
      expect(probes).toBe(1)
      yield* TestClock.adjust(readyKeptMs)
      yield* store.ready
      expect(probes).toBe(2)
      isDown = true
      yield* Effect.flip(store.load(ApplicationReference.make("A")))
      for (let times = 0; times < 3; times++) yield* Effect.flip(store.ready)
      isDown = false
      yield* store.ready
      yield* store.ready
      expect(probes).toBe(6)
      // A failure that begins while a probe runs does not affect this probe.
      meanwhile = Effect.suspend(() => {
        isDown = true
        return Effect.ensuring(
          Effect.exit(store.load(ApplicationReference.make("A"))),
          Effect.sync(() => (isDown = false)),
        )
      })
      yield* TestClock.adjust(readyKeptMs)
      yield* store.ready
      meanwhile = Effect.void
      yield* store.ready
      expect(probes).toBe(8)
    })
    await Effect.runPromise(Effect.provide(asked, [watchedStore(counting), TestClock.layer()]))
  })
})

describe("an engine that is asked to stop", () => {
  it("is not ready while it still takes callbacks", async () => {
    const engine = await startEngine(join(directory, "stopping.sqlite"), {
      LOAN_ENGINE_STOP_DRAIN_MS: String(2 * testMsMax),
    })
    process.kill(engine.pid, "SIGTERM")
    await expect.poll(async () => (await fetch(`${engine.url}/health/ready`)).status).toBe(503)
    expect(await (await fetch(`${engine.url}/health/ready`)).json()).toMatchObject({
      checks: { process: "stopping" },
    })
    expect((await fetch(`${engine.url}/health/live`)).status).toBe(200)
    expect((await engine.callback(signed)).status).toBe(200)
    await engine.kill()
  })

  it("ends after its wait for requests that are still routed here", async () => {
    const engine = await startEngine(join(directory, "stopped.sqlite"), { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect(await engine.stop()).toBe(0)
    await expect(fetch(`${engine.url}/health/live`)).rejects.toThrow()
  })
})
