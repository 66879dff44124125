import { once } from "node:events"
import { createServer } from "node:http"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { traceExportsInFlightMax } from "@loan-engine/app/telemetry/trace-export"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { testMsMax } from "../../patience.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { nothingNew, startBank } from "./bank.ts"
import { attributesOf, lineage, startOtlpReceiver } from "./otlp-receiver.ts"
import type { ExportedSpan, OtlpReceiver } from "./otlp-receiver.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-traces-"))
const reference = "traced-1"
const outer = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }
const signed = JSON.stringify({
  externalApplicationEvent: { applicationReference: reference, applicationEventType: "SIGNED" },
})

let collector: OtlpReceiver
let spans: ReadonlyArray<ExportedSpan>
beforeAll(async () => {
  collector = await startOtlpReceiver()
  const bank = await startBank(() => nothingNew)
  const engine = await startEngine(join(directory, "traced.sqlite"), {
    LOAN_ENGINE_OTLP_URL: `${collector.url}/`,
    LOAN_ENGINE_OTLP_HEADERS: "api-key=collector-key, x-team=loans",
    LOAN_ENGINE_OTLP_SERVICE_NAME: "loans-of-sweden",
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_BANK_URL: bank.url,
    LOAN_ENGINE_BANK_USERNAME: "agent",
    LOAN_ENGINE_BANK_PASSWORD: "secret",
  })
  const traceparent = (sampled: string): string => `00-${outer.traceId}-${outer.spanId}-${sampled}`
  await engine.callback(signed, { traceparent: traceparent("01") })
  await engine.callback(signed.replace(reference, "unsampled-1"), { traceparent: traceparent("00") })
  await engine.api("POST", `/v1/loans/${reference}/poll`)
  expect(await engine.stop()).toBe(0)
  bank.close()
  spans = collector.spans()
})
afterAll(() => {
  collector.close()
  rmSync(directory, { recursive: true })
})

const named = (name: string): ReadonlyArray<ExportedSpan> => spans.filter((span) => span.name === name)
const only = (name: string): ExportedSpan => {
  const [span, ...more] = named(name)
  if (span === undefined || more.length > 0) throw new Error(`${more.length + 1} spans are called ${name}`)
  return span
}
const server = "POST /callbacks/:account"

describe("the trace of a callback", () => {
  it("goes from the socket to the commit, each span inside the one before", () => {
    const commit = named("commit").find(({ traceId }) => traceId === outer.traceId)
    if (commit === undefined) throw new Error("no commit")
    expect(lineage(spans, commit)).toEqual([server, "receive", "record", "commit"])
    for (const step of ["read", "authorize", "decode", "verify"]) {
      expect(lineage(spans, only(step))).toEqual([server, "receive", step])
    }
  })

  it("continues the trace that the request names", () => {
    const { traceId, parentSpanId } = only(server)
    expect([traceId, parentSpanId]).toEqual([outer.traceId, outer.spanId])
  })

  it("shows the loan and what happened to it", () => {
    const record = named("record").find(({ traceId }) => traceId === outer.traceId)
    if (record === undefined) throw new Error("no record")
    expect(attributesOf(record)).toEqual({
      "loan_engine.account": "default",
      "loan_engine.application_reference": reference,
      "loan_engine.disposition": "advanced",
      "loan_engine.evidence": "credentials",
      "loan_engine.source": "callback",
    })
    expect(attributesOf(only(server))).toEqual({
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "http.route": "/callbacks/:account",
    })
  })

  it("is not exported if the caller has decided against it", () => {
    expect(collector.requests.map(({ body }) => body).join("\n")).not.toContain("unsampled-1")
  })
})

describe("the trace of a poll", () => {
  it("goes from the poll through each request to the bank to the record of its answer", () => {
    const inPoll = spans.filter(({ traceId }) => traceId === only("poll").traceId)
    const request = inPoll.filter(({ name }) => name === "bank request").map((span) => attributesOf(span))
    expect(request.map((attributes) => attributes["loan_engine.operation"])).toEqual([
      "getApplicationStatus",
      "getApplicationQuote",
    ])
    const record = inPoll.find((span) => attributesOf(span)["loan_engine.source"] === "poll")
    if (record === undefined) throw new Error("no record of the poll")
    expect(lineage(inPoll, record)).toEqual(["POST /v1/loans/:reference/poll", "poll", "record"])
  })
})

describe("the collector", () => {
  it("is sent OTLP's JSON, with the headers that were set, from the service by its name", () => {
    const [first] = collector.requests
    expect(first?.path).toBe("/v1/traces")
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      "api-key": "collector-key",
      "x-team": "loans",
    })
    expect(collector.resources()[0]).toMatchObject({
      "service.name": "loans-of-sweden",
      "service.version": "0.1.0",
    })
  })
})

describe("a collector that never answers", () => {
  let silent: Server
  let connections = 0
  beforeAll(async () => {
    silent = createServer(() => {}).on("connection", () => connections++)
    silent.listen(0, "127.0.0.1")
    await once(silent, "listening")
  })
  afterAll(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const startTraced = (name: string, exportMsMax: number) =>
    startEngine(join(directory, `${name}.sqlite`), {
      LOAN_ENGINE_OTLP_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
      LOAN_ENGINE_TRACE_EXPORT_INTERVAL_MS: "5",
      LOAN_ENGINE_TRACE_BATCH_SPANS_MAX: "1",
      LOAN_ENGINE_TRACE_EXPORT_MS_MAX: String(exportMsMax),
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
    })

  it("delays no callback, and gets no more requests at once than allowed", async () => {
    // No export ends during this test. So the number of connections is the number of exports at the same time.
    const engine = await startTraced("silent", 2 * testMsMax)
    for (let sent = 0; sent < 50; sent++) expect((await engine.callback(signed)).status).toBe(200)
    await expect.poll(() => connections).toBeGreaterThan(0)
    expect(connections).toBeLessThanOrEqual(traceExportsInFlightMax)
    await engine.kill()
  })

  it("delays a stop no longer than an export may take", async () => {
    const engine = await startTraced("stopped", 300)
    const before = connections
    expect((await engine.callback(signed)).status).toBe(200)
    await expect.poll(() => connections).toBeGreaterThan(before)
    expect(await engine.stop()).toBe(0)
  })
})
