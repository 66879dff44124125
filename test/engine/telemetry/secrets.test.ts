import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { startBank } from "./bank.ts"
import { startOtlpReceiver } from "./otlp-receiver.ts"
import type { OtlpReceiver } from "./otlp-receiver.ts"

/** Secret values. Each is used where its name says. None may appear in anything that an operator keeps. */
const marks = {
  apiKey: "MARK-api-key",
  wrongApiKey: "MARK-wrong-api-key",
  credentials: "TUFSSy1jYWxsYmFja3M6TUFSSw==",
  wrongCredentials: "MARK-wrong-credentials",
  username: "MARK-bank-user",
  password: "MARK-bank-password",
  jwksKey: "MARK-jwks-key",
  metricsKey: "MARK-metrics-key",
  otlpHeader: "MARK-otlp-header",
  person: "MARK-19121212-1212",
  bankText: "MARK-what-the-bank-said",
  signature: "MARK-signature",
  path: "MARK-path",
  header: "MARK-header",
  stored: "MARK-stored",
} as const

const leaked = (text: string): ReadonlyArray<string> =>
  Object.entries(marks).flatMap(([name, mark]) => (text.includes(mark) ? [name] : []))

const directory = mkdtempSync(join(tmpdir(), "loan-engine-secrets-"))
const json = (value: unknown): string => JSON.stringify(value)
const event = (applicationReference: unknown, more: object = {}): string =>
  json({ externalApplicationEvent: { applicationReference, applicationEventType: "SIGNED", ...more } })

const fault = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
  <faultcode>s:${marks.bankText}</faultcode><faultstring>${marks.bankText} ${marks.person}</faultstring>
  </s:Fault></s:Body></s:Envelope>`
const bankSays = [
  { status: 500, body: fault },
  { status: 200, body: `<a><${marks.bankText}` },
  {
    status: 200,
    body: `<getApplicationStatusResponse><x>${marks.person}</x></getApplicationStatusResponse>`,
  },
  { status: 503, body: marks.bankText },
  { status: 401, body: marks.bankText },
]

const callbacks: ReadonlyArray<readonly [body: string, headers?: Record<string, string>]> = [
  [event("loan-1")],
  [event("loan-1", { governmentId: marks.person })],
  [event("loan-2", { applicationEventType: marks.person })],
  [event("loan-3", { jwsData: `e30.${marks.signature}.${marks.signature}` })],
  [event({ [marks.person]: marks.person })],
  [`{"externalApplicationEvent": ${marks.person}`],
  [`{"externalApplicationEvent":{"${marks.person}":1,"${marks.person}":2}}`],
  [event("loan-1"), { authorization: `Basic ${marks.wrongCredentials}` }],
  [event("loan-1"), { authorization: `Bearer ${marks.wrongCredentials}` }],
  [marks.person, { "content-type": `text/${marks.header}` }],
  [
    event("loan-1"),
    { traceparent: marks.header, "x-forwarded-for": marks.header, "user-agent": marks.header },
  ],
  [marks.person.repeat(10_000)],
]

const requests: ReadonlyArray<readonly [method: string, path: string, body?: string, contentType?: string]> =
  [
    ["POST", "/v1/loans", json({ applicationReference: "loan-4", decision: marks.person })],
    [
      "POST",
      "/v1/loans",
      json({ applicationReference: "loan-4", decision: "APPROVED", approvedAmount: marks.person }),
    ],
    ["POST", "/v1/loans", `<!DOCTYPE ${marks.person}>`, "text/xml"],
    ["POST", "/v1/loans", `<a>${marks.person}`, `text/xml; charset=${marks.header}`],
    [
      "POST",
      `/v1/loans?account=${marks.path}`,
      json({ applicationReference: "loan-4", decision: "APPROVED" }),
    ],
    ["GET", `/v1/loans/${marks.path}%20%00`],
    ["GET", `/${marks.path}?${marks.path}=${marks.person}`],
    ["DELETE", `/v1/loans/${marks.path}/history`],
  ]

/** Sends everything that could make the engine print a secret. Gives the text of `/metrics` at the end. */
async function provoke(engine: EngineProcess, databasePath: string): Promise<string> {
  const genuine = { authorization: `Basic ${marks.credentials}` }
  const api = { authorization: `Bearer ${marks.apiKey}` }
  for (const [body, headers] of callbacks) await engine.callback(body, { ...genuine, ...headers })
  for (const [method, path, body, contentType = "application/json"] of requests) {
    await fetch(`${engine.url}${path}`, {
      method,
      headers: { ...api, "content-type": contentType },
      ...(body === undefined ? {} : { body }),
    })
  }
  await fetch(`${engine.url}/v1/loans/loan-1`, { headers: { authorization: `Bearer ${marks.wrongApiKey}` } })
  await fetch(`${engine.url}/metrics`, { headers: { authorization: `Bearer ${marks.wrongApiKey}` } })
  await fetch(`${engine.url}/callbacks/${marks.path}`, { method: "POST", body: marks.person })
  for (const _answer of bankSays) {
    await fetch(`${engine.url}/v1/loans/loan-1/poll`, { method: "POST", headers: api })
  }
  spoil(databasePath, "loan-1")
  expect((await engine.callback(event("loan-1", { again: true }), genuine)).status).toBe(500)
  expect((await fetch(`${engine.url}/v1/loans/loan-1`, { headers: api })).status).toBe(500)
  const page = await fetch(`${engine.url}/metrics`, {
    headers: { authorization: `Bearer ${marks.metricsKey}` },
  })
  return page.text()
}

/** Damages a row. An unreadable row is a defect, and the decoder's error quotes it. */
function spoil(databasePath: string, reference: string): void {
  const database = new DatabaseSync(databasePath)
  database
    .prepare("UPDATE loans SET snapshot = ? WHERE application_reference = ?")
    .run(json({ stage: marks.stored, facts: { [marks.stored]: marks.stored } }), reference)
  database.close()
}

describe.each(["json", "pretty"])(
  "an engine that logs everything as %s, under all sorts of requests",
  (format) => {
    let collector: OtlpReceiver
    let engine: EngineProcess
    let page: string
    beforeAll(async () => {
      collector = await startOtlpReceiver()
      let answered = 0
      const bank = await startBank(() => bankSays[answered++ % bankSays.length] ?? { status: 500, body: "" })
      const databasePath = join(directory, `${format}.sqlite`)
      engine = await startEngine(databasePath, {
        LOAN_ENGINE_LOG_FORMAT: format,
        LOAN_ENGINE_LOG_LEVEL: "debug",
        LOAN_ENGINE_STOP_DRAIN_MS: "1",
        LOAN_ENGINE_API_KEY: marks.apiKey,
        LOAN_ENGINE_CALLBACK_CREDENTIALS: marks.credentials,
        LOAN_ENGINE_BANK_URL: bank.url,
        LOAN_ENGINE_BANK_USERNAME: marks.username,
        LOAN_ENGINE_BANK_PASSWORD: marks.password,
        LOAN_ENGINE_BREAKER_FAILURES_MAX: "1000",
        LOAN_ENGINE_JWKS_URL: bank.url,
        LOAN_ENGINE_JWKS_API_KEY: marks.jwksKey,
        LOAN_ENGINE_OTLP_URL: collector.url,
        LOAN_ENGINE_OTLP_HEADERS: `key=${marks.otlpHeader}`,
        LOAN_ENGINE_METRICS_KEY: marks.metricsKey,
      })
      page = await provoke(engine, databasePath)
      expect(await engine.stop()).toBe(0)
      bank.close()
    })
    afterAll(() => collector.close())

    it("writes neither a secret nor any input", () => {
      expect(leaked(engine.written())).toEqual([])
    })

    it("writes the loan, the account, and the kind of a defect", () => {
      const written = engine.written()
      expect(written).toMatch(/an observation is recorded.*"?applicationReference"?[:=]"loan-1"/u)
      expect(written).toMatch(/the bank gave no answer that can be used.*"?code"?[:=]"Fault"/u)
      expect(written).toMatch(/a callback could not be recorded: SchemaError.*"?account"?[:=]"default"/u)
      expect(written).toMatch(/a request failed by a defect.*"?route"?[:=]"\/v1\/loans\/:reference"/u)
    })

    it("has neither in its spans or its metrics", () => {
      expect(collector.spans().length).toBeGreaterThan(50)
      expect(leaked(collector.requests.map(({ body }) => body).join("\n"))).toEqual([])
      expect(page).toContain("loan_engine_callbacks_total")
      expect(leaked(page)).toEqual([])
    })

    it("is noticed if it writes one", () => {
      expect(leaked(`${engine.written()} ${marks.person}`)).toEqual(["person"])
    })
  },
)
afterAll(() => rmSync(directory, { recursive: true }))
