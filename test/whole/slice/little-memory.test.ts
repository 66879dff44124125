import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { startEngine } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-memory-"))
afterAll(() => rmSync(directory, { recursive: true }))

const clients = 48

/** A body of the largest allowed size. */
const large = (reference: string): string => {
  const body = JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
  })
  return body + " ".repeat(65_536 - body.length)
}

describe("an engine with little memory", () => {
  it("survives large callbacks and long reads at the same time, and has everything that it acknowledged", async () => {
    const path = join(directory, "little.sqlite")
    const engine = await startEngine(path, {
      NODE_OPTIONS: "--max-old-space-size=96",
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
    })
    const acknowledged: Array<string> = []
    const reads = [
      "/v1/loans?limit=500",
      "/v1/changes?after=0",
      "/v1/loans/L-0-0/history?limit=500",
      "/metrics",
    ]
    const client = async (number: number): Promise<void> => {
      for (let sent = 0; sent < reads.length; sent++) {
        const reference = `L-${number}-${sent}`
        if ((await engine.callback(large(reference))).status === 200) acknowledged.push(reference)
        const read = await engine.api("GET", reads[sent] ?? "")
        // A stream has no end, so the test reads only its beginning.
        const reader = read.body?.getReader()
        await reader?.read()
        await reader?.cancel()
      }
    }
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
    expect(acknowledged).toHaveLength(clients * reads.length)
    expect((await engine.api("GET", "/health/ready")).status).toBe(200)
    await engine.kill()
    const { code, out } = await runCli(["journal", "verify", "--json"], { LOAN_ENGINE_DATABASE_URL: path })
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, findings: [], loans: acknowledged.length })
  })
})
