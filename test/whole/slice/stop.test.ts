import { mkdtempSync, rmSync } from "node:fs"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, describe, expect, it } from "vitest"
import { testMsMax } from "../../patience.ts"
import { callbackAuthorization, startEngine } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-stop-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** Sends one callback on a kept connection. The result is the status, or the error's code. */
const send = (agent: Agent, url: string, body: string): Promise<number | string> =>
  new Promise((resolve) => {
    const headers = { authorization: callbackAuthorization, "content-type": "application/json" }
    const sent = request(`${url}/callbacks/default`, { agent, method: "POST", headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0))
    })
    sent.on("error", (error: Error & { code?: string }) => resolve(error.code ?? error.message))
    sent.end(body)
  })

describe("an engine that is asked to stop while all its connections are busy", () => {
  it("closes each after an answer, long before it would have to cut them off, and stores only what it acknowledged", async () => {
    const path = join(directory, "busy.sqlite")
    const engine = await startEngine(path, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_STOP_MS_MAX: String(2 * testMsMax),
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    const answered: Array<number | string> = []
    let next = 0
    const busy = async (): Promise<void> => {
      for (;;) {
        const body = JSON.stringify({
          externalApplicationEvent: {
            applicationReference: `busy-${next++}`,
            applicationEventType: "SIGNED",
          },
        })
        const outcome = await send(agent, engine.url, body)
        answered.push(outcome)
        if (outcome === 200 && answered.length === 400) stopping = engine.stop()
        if (outcome !== 200) return
      }
    }
    let stopping: Promise<number | null> | undefined
    await Promise.all(Array.from({ length: 16 }, busy))
    expect(await stopping).toBe(0)
    agent.destroy()
    const database = new DatabaseSync(path, { readOnly: true })
    const rows = database.prepare("SELECT count(*) AS rows FROM journal").get()?.["rows"]
    database.close()
    expect(rows).toBe(answered.filter((outcome) => outcome === 200).length)
  })
})
