import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"
import { runCommand } from "../../engine/journal/run-command.ts"
import { startBank } from "../../engine/telemetry/bank.ts"
import { samplesOf, valueOf } from "../../engine/telemetry/prometheus.ts"
import { startEngine } from "./engine-process.ts"
import type { EngineProcess } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-left-out-"))
const path = join(directory, "left-out.sqlite")
let bank: Awaited<ReturnType<typeof startBank>>
let engine: EngineProcess
let decisionNow = "APPROVED"
beforeAll(async () => {
  bank = await startBank((operation) => ({
    status: 200,
    body:
      operation === "getApplicationStatus"
        ? "<getApplicationStatusResponse><requestedSigningMethod>E_SIGN</requestedSigningMethod><paidOut>maybe</paidOut>" +
          "<waitingForAddition>false</waitingForAddition></getApplicationStatusResponse>"
        : "<getApplicationQuoteResponse><applicationQuoteResult><applicationReference>left-1</applicationReference>" +
          `<decision>${decisionNow}</decision><approvedAmount>10 000,50</approvedAmount><tenor>72.5</tenor>` +
          "</applicationQuoteResult></getApplicationQuoteResponse>",
  }))
  engine = await startEngine(path, {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_BANK_URL: bank.url,
    LOAN_ENGINE_BANK_USERNAME: "agent",
    LOAN_ENGINE_BANK_PASSWORD: "secret",
    // Polls run only when the test requests them.
    LOAN_ENGINE_POLL_INTERVAL_SCALE: "100000",
  })
  const body = JSON.stringify({
    externalApplicationEvent: {
      applicationReference: "left-1",
      applicationEventType: "CREDIT_DECISION_UPDATED",
      creditDecision: { creditDecision: "approved", approvedAmount: -5000, interest: "N/A", tenor: "24" },
    },
  })
  expect((await engine.callback(body)).status).toBe(200)
  expect((await engine.api("POST", "/v1/loans/left-1/poll")).status).toBe(200)
})
afterAll(async () => {
  await engine.stop()
  bank.close()
  rmSync(directory, { recursive: true })
})

const history = async () =>
  (await (await engine.api("GET", "/v1/loans/left-1/history")).json()) as ReadonlyArray<
    Readonly<Record<string, unknown>>
  >

describe("a detail that cannot be read", () => {
  it("costs neither the event nor the other details, in a callback or in the bank's answer", async () => {
    const loan = await (await engine.api("GET", "/v1/loans/left-1")).json()
    expect(loan).toMatchObject({ stage: "approved", offer: { approvedAmount: "10000.5" } })
  })

  it("is named in the history of API and command, and in a metric", async () => {
    const rows = await history()
    const named = rows.map(({ source, leftOut }) => [source, leftOut])
    expect(named).toContainEqual(["callback", ["approvedAmount", "interest"]])
    expect(named).toContainEqual(["poll", ["paidOut"]])
    expect(named).toContainEqual(["quote", ["tenor"]])
    const { out } = await runCli(["history", "left-1"], { LOAN_ENGINE_DATABASE_URL: path })
    expect(out).toContain("left out: approvedAmount, interest")
    const samples = samplesOf(await (await fetch(`${engine.url}/metrics`)).text())
    for (const [source, detail] of [
      ["callback", "interest"],
      ["poll", "paidOut"],
      ["quote", "tenor"],
    ] as const) {
      const labels = { account: "default", source, detail }
      expect(valueOf(samples, "loan_engine_details_left_out_total", labels)).toBe(1)
    }
  })

  it("is covered by the row's hash: the journal verifies and replays", async () => {
    for (const command of ["verify", "replay"]) {
      expect(await runCommand(path, "journal", command)).toMatchObject({ code: 0, stderr: "" })
    }
  })
})

describe("the signing method that the bank asks for", () => {
  it("is stored with its entry", async () => {
    const rows = await history()
    expect(rows.find(({ source }) => source === "poll")).toMatchObject({ requestedSigningMethod: "E_SIGN" })
  })
})

describe("an unknown decision of the bank", () => {
  it("is counted, and its loan is in the list of loans that need a person", async () => {
    decisionNow = "ACCEPT"
    expect((await engine.api("POST", "/v1/loans/left-1/poll")).status).toBe(200)
    const rows = await history()
    expect(rows.at(-1)).toMatchObject({
      source: "quote",
      reason: "unknown-event-type",
      leftOut: ["tenor", "decision"],
    })
    const samples = samplesOf(await (await fetch(`${engine.url}/metrics`)).text())
    expect(valueOf(samples, "loan_engine_unknown_decisions_total", { account: "default" })).toBe(1)
    expect(valueOf(samples, "loan_engine_loans_became_stalled_total", { account: "default" })).toBe(1)
    const list = await (await engine.api("GET", "/v1/loans?stalled=true")).json()
    expect(list).toMatchObject({
      loans: [{ applicationReference: "left-1", stage: "approved", stalled: true }],
    })
    expect((await runCli(["stalled"], { LOAN_ENGINE_DATABASE_URL: path })).out).toContain("left-1")
  })
})
