import { mkdtempSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { LoanStore } from "@loan-engine/app/ports/loan-store"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { makeReadiness } from "@loan-engine/app/serve/readiness"
import { Effect } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { expectReady } from "../../whole/slice/expect-ready.ts"
import type { Asked } from "../../whole/slice/expect-ready.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-self-report-"))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

/**
 * Whether readiness and recording agree while another program holds the store's lock: the engine is not ready exactly
 * if it cannot record.
 */
async function isHonest(ready: (store: LoanStore["Service"]) => LoanStore["Service"]["ready"]) {
  const path = join(directory, `store-${files++}.sqlite`)
  const compared = Effect.gen(function* () {
    const store = yield* LoanStore
    const patched = { ...store, ready: ready(store) }
    const { report } = yield* Effect.provideService(makeReadiness(60_000), LoanStore, patched)
    const says = Effect.map(report, (told) => told.ready)
    const could = Effect.match(store.ready, { onFailure: () => false, onSuccess: () => true })
    const free = [yield* says, yield* could]
    const other = new DatabaseSync(path)
    other.exec("BEGIN IMMEDIATE")
    const held = [yield* says, yield* could]
    other.close()
    return free[0] === free[1] && held[0] === held[1] && free[1] === true && held[1] === false
  })
  const store = layerSqlite({ path, ...sqliteDefaults, busyTimeoutMs: 1 })
  return Effect.runPromise(Effect.scoped(Effect.provide(compared, store)))
}

describe("an engine that reports its readiness wrongly is caught", () => {
  it("and one that is honest is not", async () => {
    expect(await isHonest(({ ready }) => ready)).toBe(true)
  })

  it("one that is always ready is caught", async ({ task }) => {
    const caught = !(await isHonest(() => Effect.void))
    task.meta.canary = {
      name: "readiness: always ready",
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
