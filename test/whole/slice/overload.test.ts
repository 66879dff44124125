import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { DatabaseSync } from "node:sqlite"
import { testMsMax } from "../../patience.ts"
import { startEngine } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-overload-"))
afterAll(() => rmSync(directory, { recursive: true }))

const signed = (index: number): string =>
  JSON.stringify({
    externalApplicationEvent: {
      applicationReference: `overload-${index}`,
      applicationEventType: "SIGNED",
    },
  })

describe("an engine that gets more than its queue can hold", () => {
  it("answers the rest 503 with Retry-After, keeps what it acknowledged, and accepts the rest later", async () => {
    const path = join(directory, "overload.sqlite")
    const engine = await startEngine(path, {
      LOAN_ENGINE_BUSY_TIMEOUT_MS: String(testMsMax),
      LOAN_ENGINE_QUEUED_UPDATES_MAX: "2",
      LOAN_ENGINE_TRANSACTION_UPDATES_MAX: "1",
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
    })
    const indexes = Array.from({ length: 300 }, (_, index) => index)
    // This lock prevents every commit until a record was refused.
    const other = new DatabaseSync(path)
    other.exec("BEGIN IMMEDIATE")
    const release = (): void => {
      if (!other.isOpen) return
      other.exec("COMMIT")
      other.close()
    }
    const answers = await Promise.all(
      indexes.map(async (index) => {
        const { status, headers } = await engine.callback(signed(index))
        if (status === 503) release()
        return { index, status, retryAfter: headers.get("retry-after") }
      }),
    )
    const refused = answers.filter(({ status }) => status === 503)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true)
    expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true)
    for (const { index, status } of answers) {
      const { status: found } = await engine.api("GET", `/v1/loans/overload-${index}`)
      expect([index, found]).toEqual([index, status === 200 ? 200 : 404])
    }
    for (const { index } of refused) {
      await expect.poll(async () => (await engine.callback(signed(index))).status).toBe(200)
    }
    expect(await engine.stop()).toBe(0)
  })
})
