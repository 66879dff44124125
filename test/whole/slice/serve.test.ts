import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiKey, startEngine } from "./engine-process.ts"
import type { EngineProcess } from "./engine-process.ts"

const page = (name: string): string =>
  readFileSync(new URL(`../../../packages/app/src/sandbox/bank-page/${name}`, import.meta.url), "utf8")

const directory = mkdtempSync(join(tmpdir(), "loan-engine-serve-"))
let engine: EngineProcess
beforeAll(async () => {
  engine = await startEngine(join(directory, "serve.sqlite"))
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

const event = (applicationReference: string, applicationEventType: string, more: object = {}): string =>
  JSON.stringify({ externalApplicationEvent: { applicationReference, applicationEventType, ...more } })

describe("the unchanged callbacks of the bank's page", () => {
  it("bring ABC-123 to its pay-out, through the inferred approval, in any order", async () => {
    expect((await engine.callback(page("paid-out.json"))).status).toBe(200)
    expect((await engine.callback(page("signed.json"))).status).toBe(200)
    const loan = await (await engine.api("GET", "/v1/loans/ABC-123")).json()
    expect(loan).toMatchObject({ applicationReference: "ABC-123", stage: "paidOut", registered: false })
    const history = await (await engine.api("GET", "/v1/loans/ABC-123/history")).json()
    const [first, second] = history as ReadonlyArray<{ readonly recordedAt: string }>
    expect(first).toMatchObject({
      source: "callback",
      evidence: "credentials",
      disposition: "advanced",
      steps: [
        { from: "submitted", to: "approved", inferred: true },
        { from: "approved", to: "signed", inferred: true },
        { from: "signed", to: "paidOut", inferred: false },
      ],
    })
    expect(second).toMatchObject({ disposition: "noted", steps: [] })
    expect(Date.parse(first?.recordedAt ?? "")).toBeGreaterThan(0)
  })

  it("bring abc-123-def-567 from its approval to a dispute, with its offer and its requested documents", async () => {
    const path = "/v1/loans/abc-123-def-567"
    await engine.callback(page("credit-decision-approved.json"))
    await engine.callback(page("waiting-for-addition.json"))
    expect(await (await engine.api("GET", path)).json()).toMatchObject({
      stage: "waitingForAddition",
      additionOutstanding: true,
      requiredDocuments: ["ID"],
      offer: { approvedAmount: "10000", arrangementFee: "599.99", totalFeesAndInterest: "3000", tenor: 12 },
    })
    await engine.callback(page("credit-decision-rejected.json"))
    expect(await (await engine.api("GET", path)).json()).toMatchObject({ stage: "disputed", offer: null })
  })
})

describe("a submission's answer", () => {
  const xml = (reference: string): string =>
    `<ns2:submitApplicationExtResponse xmlns:ns2="http://consumerloan.resurs.com/v1/msg/application">
       <submitApplicationExtResult><applicationReference>${reference}</applicationReference>
       <decision>MANUAL_INSPECTION</decision></submitApplicationExtResult>
     </ns2:submitApplicationExtResponse>`

  it("registers the loan as XML and as JSON; a repetition has no effect", async () => {
    expect((await engine.api("POST", "/v1/loans", xml("xml-1"), "text/xml")).status).toBe(201)
    expect((await engine.api("POST", "/v1/loans", xml("xml-1"), "text/xml")).status).toBe(200)
    const json = JSON.stringify({ applicationReference: "json-1", decision: "APPROVED" })
    const answer = await engine.api("POST", "/v1/loans", json)
    expect(answer.status).toBe(201)
    expect(answer.headers.get("location")).toBe("/v1/loans/json-1")
    expect(await answer.json()).toMatchObject({ stage: "approved", registered: true, version: 1 })
    const history = await (await engine.api("GET", "/v1/loans/xml-1/history")).json()
    expect(history).toMatchObject([{ source: "submission", evidence: "merchant", repeats: 1 }])
  })

  it("is combined with an earlier callback", async () => {
    await engine.callback(event("early-1", "SIGNED"))
    await engine.api("POST", "/v1/loans", xml("early-1"), "application/xml")
    const loan = await (await engine.api("GET", "/v1/loans/early-1")).json()
    expect(loan).toMatchObject({ stage: "signed", registered: true, version: 2 })
  })

  it.each([
    ["no reference", "application/json", '{"decision":"APPROVED"}', 400],
    ["broken JSON", "application/json", "{", 400],
    ["a document type definition", "text/xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 400],
    ["another media type", "text/plain", "hello", 415],
    ["too large a body", "application/json", " ".repeat(300_000), 413],
  ])("with %s is refused by a problem document", async (_name, contentType, body, status) => {
    const answer = await engine.api("POST", "/v1/loans", body, contentType)
    expect(answer.status).toBe(status)
    expect(answer.headers.get("content-type")).toContain("application/problem+json")
    const problem = await answer.json()
    expect(problem).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) })
    expect(JSON.stringify(problem)).not.toContain("    at ")
    expect((await engine.api("GET", "/v1/loans/bad-1")).status).toBe(404)
  })
})

describe("a callback that must be refused", () => {
  it.each<[string, string | Uint8Array, Record<string, string>, number]>([
    ["broken JSON", '{"externalApplicationEvent":', {}, 400],
    ["no reference", '{"externalApplicationEvent":{"applicationEventType":"SIGNED"}}', {}, 400],
    ["no credentials", event("bad-2", "SIGNED"), { authorization: "" }, 401],
    ["wrong credentials", event("bad-2", "SIGNED"), { authorization: "Basic d3Jvbmc=" }, 401],
    [
      "the right credentials by the wrong scheme",
      event("bad-2", "SIGNED"),
      { authorization: "Bearer x" },
      401,
    ],
    ["ten megabytes", new Uint8Array(10_000_000), {}, 413],
    ["another media type", event("bad-2", "SIGNED"), { "content-type": "text/xml" }, 415],
  ])("with %s is refused by a problem document, and changes no loan", async (_n, body, headers, status) => {
    const answer = await engine.callback(body, headers)
    expect(answer.status).toBe(status)
    expect(answer.headers.get("content-type")).toContain("application/problem+json")
    expect((await engine.api("GET", "/v1/loans/bad-2")).status).toBe(404)
  })

  it("of an unknown type is stored and held", async () => {
    const answer = await engine.callback(event("held-1", "SOMETHING_NEW", { more: 1 }))
    expect(answer.status).toBe(202)
    const history = await (await engine.api("GET", "/v1/loans/held-1/history")).json()
    expect(history).toMatchObject([{ disposition: "held", reason: "unknown-event-type", steps: [] }])
    expect(await (await engine.api("GET", "/v1/loans/held-1")).json()).toMatchObject({ stage: "submitted" })
  })
})

describe("the API", () => {
  it("asks for its key", async () => {
    const answer = await fetch(`${engine.url}/v1/loans/ABC-123`, { headers: { authorization: "Bearer no" } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get("www-authenticate")).toContain("Bearer")
    expect(await answer.text()).not.toContain(apiKey)
  })

  it("reports unknown loans, unknown routes, and a bank that is not configured", async () => {
    expect((await engine.api("GET", "/v1/loans/nobody")).status).toBe(404)
    expect((await engine.api("GET", "/nowhere")).status).toBe(404)
    await engine.api("POST", "/v1/loans", '{"applicationReference":"silent-1","decision":"APPROVED"}')
    const poll = await engine.api("POST", "/v1/loans/silent-1/poll")
    expect(poll.status).toBe(502)
    expect(await poll.json()).toMatchObject({ detail: expect.stringContaining("Set bankUrl, bankUsername") })
  })

  it.each([
    ["GET", "/callbacks/default", "POST"],
    ["PUT", "/callbacks/default", "POST"],
    ["DELETE", "/v1/loans/ABC-123", "GET"],
    ["DELETE", "/v1/loans", "GET, POST"],
    ["GET", "/v1/loans/ABC-123/poll", "POST"],
    ["POST", "/health/ready", "GET"],
  ])("answers %s %s with 405 and the allowed method", async (method, path, allow) => {
    const answer = await engine.api(method, path)
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow])
    expect(await answer.json()).toMatchObject({ code: "method-not-allowed" })
  })

  it("is ready without a key", async () => {
    expect((await fetch(`${engine.url}/health/ready`)).status).toBe(200)
  })
})

describe("an engine with a configured bank", () => {
  const answers: Readonly<Record<string, string>> = {
    getApplicationStatus:
      "<getApplicationStatusResponse><waitingForAddition>false</waitingForAddition><paidOut>false</paidOut></getApplicationStatusResponse>",
    getApplicationQuote: `<getApplicationQuoteResponse><applicationQuoteResult>
      <applicationReference>held-2</applicationReference><decision>APPROVED</decision>
      <approvedAmount>1000.0</approvedAmount></applicationQuoteResult></getApplicationQuoteResponse>`,
  }

  it("polls at once about held callbacks, and continues by itself after a restart", async () => {
    let up = false
    const bank = createServer((request, response) => {
      const chunks: Array<Uint8Array> = []
      request.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      request.on("end", () => {
        const operation = /getApplication[A-Za-z]+/u.exec(Buffer.concat(chunks).toString())?.[0] ?? ""
        response.writeHead(up ? 200 : 503).end(up ? answers[operation] : "")
      })
    })
    bank.listen(0, "127.0.0.1")
    await once(bank, "listening")
    const { port } = bank.address() as AddressInfo
    const environment = {
      LOAN_ENGINE_BANK_URL: `http://127.0.0.1:${port}/`,
      LOAN_ENGINE_BANK_USERNAME: "agent",
      LOAN_ENGINE_BANK_PASSWORD: "secret",
      LOAN_ENGINE_POLL_INTERVAL_SCALE: "0.0001",
      // The kill may come during a poll. Then the engine polls again when the lease has ended.
      LOAN_ENGINE_POLL_LEASE_MS: "500",
    }
    const path = join(directory, "banked.sqlite")
    const first = await startEngine(path, environment)
    expect((await first.callback(event("held-2", "SOMETHING_NEW"))).status).toBe(202)
    await first.kill()
    up = true
    const second = await startEngine(path, environment)
    const stage = async (): Promise<unknown> => (await second.api("GET", "/v1/loans/held-2")).json()
    await expect.poll(stage).toMatchObject({ stage: "approved", offer: { approvedAmount: "1000" } })
    await second.stop()
    bank.close()
  })
})

describe("a killed engine", () => {
  it("has every callback it acknowledged when it starts again", async () => {
    const path = join(directory, "killed.sqlite")
    const first = await startEngine(path)
    const references = Array.from({ length: 40 }, (_, index) => `loan-${index}`)
    const acknowledged: Array<string> = []
    const sending = references.map(async (reference) => {
      const answer = await first.callback(event(reference, "SIGNED")).catch(() => undefined)
      if (answer?.status === 200) acknowledged.push(reference)
      if (acknowledged.length === 10) await first.kill()
    })
    await Promise.all(sending)
    expect(acknowledged.length).toBeGreaterThanOrEqual(10)
    const second = await startEngine(path)
    for (const reference of acknowledged) {
      const history = await (await second.api("GET", `/v1/loans/${reference}/history`)).json()
      expect(history).toHaveLength(1)
    }
    expect(await second.stop()).toBe(0)
  })
})
