import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { metricFamilies } from "../../docs/pages/metric-families.ts"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { nothingNew, startBank } from "./bank.ts"
import { samplesOf, valueOf } from "./prometheus.ts"
import type { Sample } from "./prometheus.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-metrics-"))
const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_LOAN_COUNTS_AGE_MAX_MS: "1" }
afterAll(() => rmSync(directory, { recursive: true }))

const event = (applicationReference: string, applicationEventType: string): string =>
  JSON.stringify({ externalApplicationEvent: { applicationReference, applicationEventType } })

describe("GET /metrics", () => {
  let engine: EngineProcess
  let bank: Awaited<ReturnType<typeof startBank>>
  let samples: ReadonlyArray<Sample>
  let page: string
  let contentType: string | null
  beforeAll(async () => {
    bank = await startBank((operation) =>
      operation === "getApplicationStatus" ? nothingNew : { status: 503, body: "" },
    )
    engine = await startEngine(join(directory, "metrics.sqlite"), {
      ...quick,
      LOAN_ENGINE_BANK_URL: bank.url,
      LOAN_ENGINE_BANK_USERNAME: "agent",
      LOAN_ENGINE_BANK_PASSWORD: "secret",
      LOAN_ENGINE_BREAKER_FAILURES_MAX: "1",
    })
    await engine.callback(event("metrics-1", "SIGNED"))
    await engine.callback(event("metrics-1", "SIGNED"))
    await engine.callback(event("metrics-2", "SIGNED"), { authorization: "" })
    await engine.api("POST", "/v1/loans/metrics-1/poll")
    const answer = await fetch(`${engine.url}/metrics`)
    contentType = answer.headers.get("content-type")
    page = await answer.text()
    samples = samplesOf(page)
  })
  afterAll(async () => {
    await engine.stop()
    bank.close()
  })

  it("can be scraped: the content type, the grammar, and each series only once", () => {
    expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8")
    const series = samples.map(({ name, labels }) => JSON.stringify([name, labels]))
    expect(series.length).toBeGreaterThan(20)
    expect(new Set(series).size).toBe(series.length)
  })

  it("contains only declared metrics, with their declared attributes", () => {
    for (const { name, labels } of samples) {
      const base = name.replace(/_(?:bucket|sum|count)$/u, "")
      const family = metricFamilies.find((each) => each.name === name || each.name === base)
      const { le: _le, ...own } = labels
      expect([name, Object.keys(own).toSorted()]).toEqual([
        name,
        Object.keys(family?.attributes ?? { undeclared: true }).toSorted(),
      ])
    }
  })

  it("counts and times the API's calls, by their answers", () => {
    const polled = { call: "poll", status: "200" }
    expect(valueOf(samples, "loan_engine_api_requests_total", polled)).toBe(1)
    expect(valueOf(samples, "loan_engine_api_request_duration_seconds_count", { call: "poll" })).toBe(1)
  })

  it("counts callbacks and their effects", () => {
    const callbacks = (verdict: string) => valueOf(samples, "loan_engine_callbacks_total", { verdict })
    expect([callbacks("advanced"), callbacks("repeated"), callbacks("unauthorized")]).toEqual([1, 1, 1])
    const recorded = { source: "callback", account: "default" }
    expect(valueOf(samples, "loan_engine_observations_total", { ...recorded, disposition: "advanced" })).toBe(
      1,
    )
    expect(valueOf(samples, "loan_engine_record_duration_seconds_count", { source: "callback" })).toBe(2)
  })

  it("counts requests to the bank, and shows an open circuit breaker", () => {
    const requests = (operation: string, outcome: string) =>
      valueOf(samples, "loan_engine_bank_requests_total", { operation, outcome, account: "default" })
    expect(requests("getApplicationStatus", "answered")).toBe(1)
    expect(requests("getApplicationQuote", "Unavailable")).toBe(1)
    const status = { operation: "getApplicationStatus" }
    expect(valueOf(samples, "loan_engine_bank_request_duration_seconds_count", status)).toBe(1)
    const circuit = (state: string) => valueOf(samples, "loan_engine_bank_circuit", { state })
    expect([circuit("Open"), circuit("Closed")]).toEqual([1, 0])
    expect(valueOf(samples, "loan_engine_polls_total", { question: "quote", outcome: "Unavailable" })).toBe(1)
  })

  it("counts the loans at each stage on request", async () => {
    expect(valueOf(samples, "loan_engine_loans", { stage: "signed" })).toBe(1)
    expect(valueOf(samples, "loan_engine_loans", { stage: "paidOut" })).toBe(0)
    await engine.callback(event("metrics-1", "PAID_OUT"))
    const loans = async (stage: string) =>
      valueOf(samplesOf(await (await fetch(`${engine.url}/metrics`)).text()), "loan_engine_loans", { stage })
    await expect.poll(async () => [await loans("signed"), await loans("paidOut")]).toEqual([0, 1])
  })

  it("names no loan, and no secret", () => {
    expect(page).not.toContain("metrics-1")
    expect(page).not.toContain("secret")
  })

  it("has consistent buckets", () => {
    for (const name of ["loan_engine_record_duration_seconds", "loan_engine_bank_request_duration_seconds"]) {
      const buckets = samples.filter((each) => each.name === `${name}_bucket`)
      const last = buckets.filter(({ labels }) => labels["le"] === "+Inf")
      const counts = samples.filter((each) => each.name === `${name}_count`)
      expect(last.map(({ value }) => value)).toEqual(counts.map(({ value }) => value))
      expect(buckets.length).toBeGreaterThan(last.length)
    }
  })
})

describe("who may read the metrics", () => {
  it("needs the key for metrics, if one is set; the API's key is not accepted", async () => {
    const engine = await startEngine(join(directory, "keyed.sqlite"), {
      ...quick,
      LOAN_ENGINE_METRICS_KEY: "scrape-key",
    })
    const asked = async (authorization?: string): Promise<number> =>
      (
        await fetch(`${engine.url}/metrics`, {
          headers: authorization === undefined ? {} : { authorization },
        })
      ).status
    expect(await asked()).toBe(401)
    expect((await engine.api("GET", "/metrics")).status).toBe(401)
    expect(await asked("Bearer scrape-key")).toBe(200)
    await engine.stop()
  })

  it("is nobody, if the metrics are switched off", async () => {
    const engine = await startEngine(join(directory, "off.sqlite"), {
      ...quick,
      LOAN_ENGINE_METRICS_ENABLED: "false",
    })
    expect((await fetch(`${engine.url}/metrics`)).status).toBe(404)
    await engine.stop()
  })
})
