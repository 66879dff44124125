import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { propertySeed } from "../../proof/properties/settings.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { crashRun } from "./crash-run.ts"

/** How often the engine is killed. A compliance run kills it fifty times. */
const kills = Number(process.env["LOAN_ENGINE_CRASH_KILLS"] ?? 6)

const directory = mkdtempSync(join(tmpdir(), "loan-engine-crash-"))
afterAll(() => rmSync(directory, { recursive: true }))

describe("an engine that is killed under load, again and again", () => {
  it("P6 has every acknowledged callback in its journal once, chained and folding to its snapshots, and catches up", async ({
    task,
  }) => {
    const seed = String(propertySeed)
    const report = await crashRun({
      seed,
      kills,
      loansAtOnce: 30,
      databasePath: join(directory, "crash.sqlite"),
    })
    task.meta.proofs = [{ property: "P6", means: "crash", cases: report.acknowledged }]
    expect(report.faults, `seed ${seed}`).toEqual([])
    expect(report.exitCode).toBe(0)
    expect(report.acknowledged).toBeGreaterThan(kills)
    expect(report.entries).toBeGreaterThan(report.loans)
  })
})

describe("an engine that is asked to stop", () => {
  const body = (index: number): string =>
    JSON.stringify({
      externalApplicationEvent: { applicationReference: `stop-${index}`, applicationEventType: "SIGNED" },
    })

  it("cuts off no request: each is answered and stored, or was never accepted", async () => {
    const databasePath = join(directory, "stop.sqlite")
    const engine = await startEngine(databasePath)
    let answered = 0
    const some = Promise.withResolvers<void>()
    const sent = Array.from({ length: 400 }, async (_, index) => {
      try {
        const { status } = await engine.callback(body(index))
        answered++
        if (answered === 50) some.resolve()
        return { index, status }
      } catch (error) {
        return { index, refusal: String((error as { cause?: { code?: string } }).cause?.code) }
      }
    })
    await some.promise
    expect(await engine.stop()).toBe(0)
    const outcomes = await Promise.all(sent)
    const taken = outcomes.filter(({ status }) => status === 200)
    expect(taken.length).toBeGreaterThanOrEqual(50)
    const again = await startEngine(databasePath)
    for (const { index } of taken) {
      expect((await again.api("GET", `/v1/loans/stop-${index}`)).status).toBe(200)
    }
    const untaken = outcomes.filter(({ status }) => status !== 200)
    for (const { index, status, refusal } of untaken) {
      if (status === undefined) expect(["ECONNREFUSED", "ECONNRESET", "UND_ERR_SOCKET"]).toContain(refusal)
      else expect(status).toBe(503)
      expect((await again.api("GET", `/v1/loans/stop-${index}`)).status).toBe(404)
    }
    expect(await again.stop()).toBe(0)
  })
})
