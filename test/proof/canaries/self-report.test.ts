import { mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { digestOf } from "@loan-engine/app/journal/entry"
import type { StoreUnusable } from "@loan-engine/app/ports/loan-store"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { LoanEngine } from "@loan-engine/app/record/engine"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { postgresDefaults } from "@loan-engine/app/store/postgres/settings"
import { layerPostgres } from "@loan-engine/app/store/postgres/store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { makeReadiness } from "@loan-engine/app/serve/readiness"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Redacted } from "effect"
import type { Layer } from "effect"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { missing, readAll } from "../../stores/crash/crash-run.ts"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { query, startPostgres } from "../../stores/postgres/server.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { expectReady } from "../../whole/slice/expect-ready.ts"
import type { Asked } from "../../whole/slice/expect-ready.ts"
import type { EngineCanary } from "./engines.ts"
import { engineCanaries } from "./engines.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-self-report-"))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

/** A store, and a function after which it can no longer be written. */
interface Breakable {
  readonly layer: Layer.Layer<LoanStore, StoreUnusable>
  readonly stop: () => Promise<void>
}

const breakable: Readonly<Record<"SQLite" | "PostgreSQL", () => Promise<Breakable>>> = {
  SQLite: () => {
    const path = join(directory, `store-${files++}.sqlite`)
    return Promise.resolve({
      layer: layerSqlite({ path, ...sqliteDefaults, busyTimeoutMs: 1 }),
      stop: () => {
        const other = new DatabaseSync(path)
        onTestFinished(() => other.close())
        return Promise.resolve(other.exec("BEGIN IMMEDIATE"))
      },
    })
  },
  PostgreSQL: async () => {
    const url = await server.newDatabase()
    const name = new URL(url).pathname.slice(1)
    return {
      layer: layerPostgres({ ...postgresDefaults, url: Redacted.make(url) }),
      stop: async () => {
        await query(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`)
        await query(
          url,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
      },
    }
  },
}
const stores = ["SQLite", "PostgreSQL"] as const

/** Whether readiness and recording agree: the engine is not ready exactly if it cannot record. */
async function isHonest(
  { layer, stop }: Breakable,
  ready: (store: LoanStore["Service"]) => LoanStore["Service"]["ready"],
): Promise<boolean> {
  const compared = Effect.gen(function* () {
    const store = yield* LoanStore
    const patched = { ...store, ready: ready(store) }
    const { report } = yield* Effect.provideService(makeReadiness(60_000), LoanStore, patched)
    const says = Effect.map(report, (told) => told.ready)
    const could = Effect.match(store.ready, { onFailure: () => false, onSuccess: () => true })
    const free = [yield* says, yield* could]
    yield* Effect.promise(stop)
    const held = [yield* says, yield* could]
    return free[0] === free[1] && held[0] === held[1] && free[1] === true && held[1] === false
  })
  return Effect.runPromise(Effect.scoped(Effect.provide(compared, layer)))
}

describe("an engine that reports its readiness wrongly is caught", () => {
  it.each(stores)("and one that is honest is not, on %s", async (name) => {
    expect(await isHonest(await breakable[name](), ({ ready }) => ready)).toBe(true)
  })

  it.for(stores)("one that is always ready is caught, on %s", async (name, { task }) => {
    const caught = !(await isHonest(await breakable[name](), () => Effect.void))
    task.meta.canary = {
      name: `readiness: always ready, ${name}`,
      what: "It says that it is ready, even if callbacks are lost",
      killedBy: caught ? ["P6"] : [],
    }
    expect(caught).toBe(true)
  })

  it("one that is always ready is caught by the check in every test of a fault", async ({ task }) => {
    const path = join(directory, "gone.sqlite")
    const engine = await startEngine(path, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    const liar: Asked = {
      callback: engine.callback,
      api: (method, route) =>
        route === "/health/ready" ? Promise.resolve(new Response()) : engine.api(method, route),
    }
    const signed = JSON.stringify({
      externalApplicationEvent: { applicationReference: "A", applicationEventType: "SIGNED" },
    })
    await expectReady(liar, signed, true)
    renameSync(path, `${path}.away`)
    await expectReady(engine, signed, false)
    const caught = await expectReady(liar, signed, false).then(
      () => false,
      () => true,
    )
    task.meta.canary = {
      name: "readiness: always ready, whole",
      what: "A whole engine says that it is ready although its file is gone",
      killedBy: caught ? ["P6"] : [],
    }
    expect(caught).toBe(true)
    await engine.stop()
  })
})

const early = engineCanaries.find(({ name }) => name === "acknowledge before commit")
const account = AccountName.make("default")
const loan = ApplicationReference.make("early")

/** Records callbacks and stops at once after the last acknowledgement. The result is what the tests of crashes find. */
async function lostAtOnce(
  layer: Breakable["layer"],
  patch: NonNullable<EngineCanary["parts"]["engine"]>,
): Promise<ReadonlyArray<string>> {
  const recording = Effect.gen(function* () {
    const engine = yield* patch(yield* LoanEngine)
    return yield* Effect.forEach([1, 2, 3], (at) => {
      const raw = new TextEncoder().encode(`callback ${at}`)
      const events = [{ type: "addition.requested", at } as const]
      return Effect.as(
        engine.record(
          {
            applicationReference: loan,
            account,
            source: "callback",
            evidence: "credentials",
            receivedAt: at,
            events,
          },
          raw,
        ),
        { digest: digestOf(raw), begun: 1, acknowledged: 1 },
      )
    })
  }).pipe(Effect.provide(LoanEngine.layer(cadenceDefaults)), Effect.provide(layer), Effect.scoped)
  const told = await Effect.runPromise(recording)
  const loans = await Effect.runPromise(readAll(layer))
  return missing(
    told,
    loans.flatMap(({ entries }) => entries),
  )
}

describe("an engine that acknowledges before it commits is caught by the check of every crash", () => {
  it.each(stores)("and the real one is not, on %s", async (name) => {
    const { layer } = await breakable[name]()
    expect(await lostAtOnce(layer, Effect.succeed)).toEqual([])
  })

  it.for(stores)("on %s", async (name, { task }) => {
    const { layer } = await breakable[name]()
    const lost = await lostAtOnce(layer, early?.parts.engine ?? Effect.succeed)
    task.meta.canary = {
      name: `engine: acknowledge before commit, ${name}`,
      what: early?.what ?? "",
      killedBy: lost.length > 0 ? ["P6"] : [],
    }
    expect(lost).toHaveLength(3)
  })
})
