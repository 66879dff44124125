import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import type { Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { loanClient } from "@loan-engine/app/client"
import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { PostgresServer } from "../../stores/postgres/server.ts"
import { startPostgres } from "../../stores/postgres/server.ts"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { call, decision } from "./api-call.ts"

const namespace = "http://consumerloan.resurs.com/v1/msg/application"

/** A bank that knows every reference. It writes the reference in its answer exactly as in the question. */
async function startBank(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    void text(request).then((asked) => {
      const [, reference = ""] = /<applicationReference>(.*)<\/applicationReference>/su.exec(asked) ?? []
      const said = asked.includes("getApplicationQuote")
        ? `<a:getApplicationQuoteResponse xmlns:a="${namespace}"><applicationQuoteResult><applicationReference>${reference}</applicationReference><decision>APPROVED</decision></applicationQuoteResult></a:getApplicationQuoteResponse>`
        : `<a:getApplicationStatusResponse xmlns:a="${namespace}"><waitingForAddition>false</waitingForAddition><paidOut>false</paidOut></a:getApplicationStatusResponse>`
      response
        .writeHead(200, { "content-type": "text/xml; charset=utf-8" })
        .end(
          `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${said}</s:Body></s:Envelope>`,
        )
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return { url: `http://127.0.0.1:${address.port}/ApplicationService`, server }
}

const references = [
  ".",
  "..",
  "~.",
  "~..",
  "~~.",
  "...",
  "~",
  "a/../b",
  "/",
  "a%2Fb",
  "%2e%2e",
  "%",
  "?",
  "#",
  "\\",
  "a b",
  "+",
  "&=;",
  "<é>\"'",
  "😀",
  "__proto__",
  ";",
  "a;b",
  "x".repeat(applicationReferenceLengthMax),
  `${"~".repeat(applicationReferenceLengthMax - 1)}.`,
  "ü".repeat(applicationReferenceLengthMax),
  // A random text, so that an index cannot compress it.
  Array.from({ length: applicationReferenceLengthMax }, (_, index) =>
    String.fromCharCode(0x4e_00 + ((index * 7_919 + index ** 3) % 20_000)),
  ).join(""),
]

const titled = references.map((reference): [string, string] => [reference.slice(0, 20), reference])

describe.each(["SQLite", "PostgreSQL"])("on %s, every accepted reference", (store) => {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-references-"))
  let bank: Awaited<ReturnType<typeof startBank>>
  let postgres: PostgresServer | undefined
  let engine: EngineProcess
  beforeAll(async () => {
    bank = await startBank()
    if (store === "PostgreSQL") postgres = await startPostgres()
    const database = (await postgres?.newDatabase()) ?? join(directory, "references.sqlite")
    engine = await startEngine(database, {
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
      LOAN_ENGINE_BANK_URL: bank.url,
      LOAN_ENGINE_BANK_USERNAME: "testse",
      LOAN_ENGINE_BANK_PASSWORD: "secret",
    })
  })
  afterAll(async () => {
    await engine.stop()
    bank.server.closeAllConnections()
    bank.server.close()
    await postgres?.remove()
    rmSync(directory, { recursive: true })
  })

  it.each(titled)("can be read, polled and ruled on: %s", async (_title, reference) => {
    const client = loanClient({ baseUrl: engine.url, apiKey })
    expect((await engine.callback(decision(reference, "APPROVED"))).status).toBe(200)
    expect(await client.loan(reference)).toMatchObject({ applicationReference: reference })
    const { asked } = await client.poll(reference)
    expect(asked.map(({ question }) => question)).toEqual(["status", "quote"])
    expect(asked.filter((each) => "error" in each)).toEqual([])
    // The loan is not in dispute. In a dispute, the bank's confirmation could arrive before the ruling.
    const ruling = { decision: "rejected", by: "Desk", reason: "phone", undisputed: true } as const
    expect(await client.rule(reference, ruling)).toMatchObject({ stage: "rejected" })
    expect((await client.history(reference)).length).toBeGreaterThan(2)
    const { loans } = await client.loans({ reference, limit: 1 })
    expect(loans.map((loan) => loan.applicationReference)).toEqual([reference])
    const watch = client.watchLoan(reference)
    await new Promise<void>((resolve) => {
      const unsubscribe = watch.subscribe(() => {
        if (watch.getSnapshot().loan === undefined) return
        unsubscribe()
        resolve()
      })
    })
    expect(watch.getSnapshot().loan?.applicationReference).toBe(reference)
  })

  it("is found at the address in its registration's answer", async () => {
    for (const reference of ["..", "~.", "a/b", "é"]) {
      const body = JSON.stringify({ applicationReference: `moved ${reference}`, decision: "APPROVED" })
      const plain = await call(engine.url, "/v1/loans", { method: "POST", body })
      const location = plain.headers.get("location") ?? ""
      expect(await (await call(engine.url, location)).json()).toMatchObject({
        applicationReference: `moved ${reference}`,
      })
    }
    const body = JSON.stringify({ applicationReference: "~~..", decision: "APPROVED" })
    const dotted = await call(engine.url, "/v1/loans", { method: "POST", body })
    expect(dotted.headers.get("location")).toBe("/v1/loans/~~~..")
  })

  it("is the same with blanks around it, from any source", async () => {
    const [blank, plain] = [" \t BLANK-1\u00a0\n", "BLANK-1"]
    const register = (applicationReference: string) =>
      engine.api("POST", "/v1/loans", JSON.stringify({ applicationReference, decision: "APPROVED" }))
    expect((await engine.callback(decision(blank, "APPROVED"))).status).toBe(200)
    expect((await register(blank)).status).toBe(201)
    expect((await register(plain)).status).toBe(200)
    const xml = `<submitApplicationExtResponse><submitApplicationExtResult><applicationReference> ${plain} </applicationReference><decision>APPROVED</decision></submitApplicationExtResult></submitApplicationExtResponse>`
    expect((await engine.api("POST", "/v1/loans", xml, "application/xml")).status).toBe(200)
    expect(await (await engine.api("GET", `/v1/loans/${plain}`)).json()).toMatchObject({
      applicationReference: plain,
      registered: true,
    })
  })

  it("is not blank: blanks alone are refused with this reason", async () => {
    for (const reference of ["", " ", "\u00a0"]) {
      const answer = await engine.callback(decision(reference, "APPROVED"))
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { field: "externalApplicationEvent.applicationReference" },
      ])
    }
  })

  it("is replaced if it is unusable: the loan is stored, shown to a person, and found and ruled on by the replacement", async () => {
    const client = loanClient({ baseUrl: engine.url, apiKey })
    const sent = ["x".repeat(applicationReferenceLengthMax + 1), "a\u0000b"]
    for (const reference of [...sent, ...sent]) {
      const answer = await engine.callback(decision(reference, "APPROVED"))
      expect([answer.status, await answer.json()]).toEqual([
        202,
        { disposition: "held", reason: "reference-unusable" },
      ])
    }
    const { loans } = await client.loans({ reference: "unusable-reference:", stalled: true, limit: 10 })
    expect(loans).toMatchObject([
      { stage: "submitted", registered: false, stalled: true, nextPollAt: null },
      { stage: "submitted", registered: false, stalled: true, nextPollAt: null },
    ])
    const applicationReference = loans[0]?.applicationReference ?? ""
    expect(await client.history(applicationReference)).toMatchObject([
      { disposition: "held", reason: "reference-unusable", evidence: "credentials" },
    ])
    const ruling = { decision: "rejected", by: "Desk", reason: "none of ours", undisputed: true } as const
    expect(await client.rule(applicationReference, ruling)).toMatchObject({ stage: "rejected" })
    const metrics = await (await fetch(`${engine.url}/metrics`)).text()
    expect(metrics).toMatch(/loan_engine_callbacks_total\{[^}]*verdict="reference-unusable"[^}]*\} 4\n/u)
    expect(metrics).toMatch(/loan_engine_loans_became_stalled_total\{[^}]*\} 2\n/u)
  })

  it("is refused with this reason if a registration has an unusable one", async () => {
    for (const applicationReference of ["x".repeat(applicationReferenceLengthMax + 1), "a\u0000b", " "]) {
      const body = JSON.stringify({ applicationReference, decision: "APPROVED" })
      const answer = await engine.api("POST", "/v1/loans", body)
      expect([answer.status, await answer.json()]).toMatchObject([400, { field: "applicationReference" }])
    }
  })
})
