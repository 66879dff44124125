import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-slow-bank-"))
afterAll(() => rmSync(directory, { recursive: true }))
let files = 0

/** Calls `send` again and again until the connection closes. */
function again(response: ServerResponse, send: () => void): void {
  const timer = setInterval(send, 10)
  response.once("close", () => clearInterval(timer))
}

/** Ways of a bank to keep a connection open without an answer. */
const drips: ReadonlyArray<[string, (response: ServerResponse) => void]> = [
  ["promises an answer for ever", (response) => again(response, () => response.writeProcessing())],
  [
    "sends its answer a byte at a time",
    (response) => {
      response.writeHead(200, { "content-type": "text/xml" })
      again(response, () => response.write(" "))
    },
  ],
  ["says nothing", () => {}],
]

it("makes a manual poll report why the bank cannot be reached, and what to do", async () => {
  const engine = await startEngine(join(directory, `${files++}.sqlite`), {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_BANK_URL: "http://127.0.0.1:1/",
    LOAN_ENGINE_BANK_USERNAME: "agent",
    LOAN_ENGINE_BANK_PASSWORD: "secret",
  })
  const signed = { externalApplicationEvent: { applicationReference: "A", applicationEventType: "SIGNED" } }
  expect((await engine.callback(JSON.stringify(signed))).status).toBe(200)
  const answer = await engine.api("POST", "/v1/loans/A/poll")
  const refused = /Why: Refused \(.+ \(ECONNREFUSED\)\)\./u
  expect(await answer.json()).toMatchObject({ detail: expect.stringMatching(refused) })
  expect(await engine.stop()).toBe(0)
})

describe.each(drips)("a bank that %s", (_name, drip) => {
  it("delays a poll only up to the poll's limit: further questions are not asked", async () => {
    let asked = 0
    const server = createServer((request, response) => {
      request.resume().once("end", () => {
        asked++
        drip(response)
      })
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const engine = await startEngine(join(directory, `${files++}.sqlite`), {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_BANK_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      LOAN_ENGINE_BANK_USERNAME: "agent",
      LOAN_ENGINE_BANK_PASSWORD: "secret",
      LOAN_ENGINE_POLL_MS_MAX: "300",
    })
    const signed = { externalApplicationEvent: { applicationReference: "A", applicationEventType: "SIGNED" } }
    expect((await engine.callback(JSON.stringify(signed))).status).toBe(200)
    const before = asked
    const answer = await engine.api("POST", "/v1/loans/A/poll")
    expect([answer.status, await answer.json()]).toEqual([
      502,
      expect.objectContaining({ code: "bank-unanswered", detail: expect.stringContaining("Why: TimedOut.") }),
    ])
    expect(asked - before).toBeLessThanOrEqual(2)
    expect(await engine.stop()).toBe(0)
  })
})
