import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { call, decision, event } from "./api-call.ts"
import type { Call } from "./api-call.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-api-"))
const digest = (key: string): string => createHash("sha256").update(key).digest("hex")
const references = Array.from({ length: 7 }, (_, index) => `listed-${index}`)

let engine: EngineProcess
const api = (path: string, options?: Call) => call(engine.url, path, options)
beforeAll(async () => {
  engine = await startEngine(join(directory, "api.sqlite"), {
    LOAN_ENGINE_API_KEYS: `reader:read:${digest("reader-key")}, shop:register+read:${digest("shop-key")}`,
    LOAN_ENGINE_CORS_ORIGINS: "https://desk.example,https://shop.example",
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
  })
  const events = [
    ...references.map((reference) => decision(reference, "APPROVED")),
    event("listed-6", "WAITING_FOR_ADDITION", { requiredDocuments: ["ID"] }),
    decision("disputed-1", "APPROVED"),
    decision("disputed-1", "REJECTED"),
  ]
  for (const body of events) expect((await engine.callback(body)).status).toBe(200)
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

const registration = (reference: string): Call => ({
  method: "POST",
  body: JSON.stringify({ applicationReference: reference, decision: "APPROVED" }),
})
const ruling: Call = {
  method: "POST",
  body: JSON.stringify({ decision: "approved", by: "Desk", reason: "the bank confirmed it by phone" }),
}

describe("a key", () => {
  it.each<[string, string, string, Call, number]>([
    ["reads with the scope to read", "reader-key", "/v1/loans/listed-0", {}, 200],
    ["registers nothing without the scope", "reader-key", "/v1/loans", registration("no-1"), 403],
    ["rules on nothing without the scope", "shop-key", "/v1/loans/disputed-1/ruling", ruling, 403],
    ["polls nothing without the scope", "shop-key", "/v1/loans/listed-0/poll", { method: "POST" }, 403],
    ["registers with the scope", "shop-key", "/v1/loans", registration("shop-1"), 201],
    ["that nobody has is refused", "other-key", "/v1/loans/listed-0", {}, 401],
    ["is not its own digest", digest("reader-key"), "/v1/loans/listed-0", {}, 401],
  ])("%s", async (_name, key, path, options, status) => {
    const answer = await api(path, { ...options, key })
    expect(answer.status).toBe(status)
    expect(answer.headers.has("www-authenticate")).toBe(status === 401)
  })

  it("may make a limited number of requests a second, and then gets a time to retry; other keys are not limited by it", async () => {
    const limited = await startEngine(join(directory, "limited.sqlite"), {
      LOAN_ENGINE_API_KEYS: `reader:read:${digest("reader-key")}`,
      LOAN_ENGINE_API_REQUESTS_PER_SECOND_MAX: "5",
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
    })
    const ask = (key: string) => call(limited.url, "/v1/loans", { key })
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask("reader-key")))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(5)
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0)
    expect(await refused[0]?.json()).toMatchObject({ code: "rate-limited" })
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(5)
    expect((await call(limited.url, "/v1/loans")).status).toBe(200)
    await limited.stop()
  })
})

describe("the list of loans", () => {
  const listed = async (query: string) => {
    const { loans, next } = (await (await api(`/v1/loans?${query}`)).json()) as {
      readonly loans: ReadonlyArray<{ readonly applicationReference: string }>
      readonly next: string | null
    }
    return { next, names: loans.map(({ applicationReference }) => applicationReference) }
  }

  it("comes in pages that leave nothing out and repeat nothing", async () => {
    const names: Array<string> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const page = await listed(`stage=approved&limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
      expect(page.names.length).toBeLessThanOrEqual(2)
      names.push(...page.names)
      cursor = page.next
    }
    expect(names.filter((name) => name.startsWith("listed-"))).toEqual(references.slice(0, 6))
    expect(new Set(names).size).toBe(names.length)
  })

  it("ends even if a filter leaves whole pages empty", async () => {
    const scanning = await startEngine(join(directory, "scanned.sqlite"), {
      LOAN_ENGINE_LOANS_SCANNED_MAX: "3",
      LOAN_ENGINE_STOP_DRAIN_MS: "1",
    })
    for (const reference of references) await scanning.callback(decision(reference, "APPROVED"))
    await scanning.callback(event("listed-5", "WAITING_FOR_ADDITION", { requiredDocuments: ["ID"] }))
    const pages: Array<number> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const query = `additionOutstanding=true${cursor === "" ? "" : `&cursor=${cursor}`}`
      const answer = await call(scanning.url, `/v1/loans?${query}`)
      const page = (await answer.json()) as {
        readonly loans: ReadonlyArray<object>
        readonly next: string | null
      }
      pages.push(page.loans.length)
      cursor = page.next
    }
    expect(pages).toEqual([0, 1, 0])
    await scanning.stop()
  })

  it.each([
    ["disputed=true", ["disputed-1"]],
    ["additionOutstanding=true", ["listed-6"]],
    ["additionOutstanding=true&stage=approved", []],
    ["stalled=true", []],
    ["account=elsewhere", []],
    ["stage=disputed&disputed=false", []],
  ])("by %s", async (query, names) => {
    expect((await listed(query)).names).toEqual(names)
  })

  it.each([
    ["limit=0", "limit"],
    ["limit=501", "limit"],
    ["stage=nowhere", "stage"],
    ["stalled=perhaps", "stalled"],
    ["cursor=MARK", "cursor"],
    ["limit=1&limit=2", "limit"],
    ["stagee=approved", "stagee"],
    ["Stage=approved", "Stage"],
  ])("names the fault in %s, and does not repeat the input", async (query, field) => {
    const answer = await api(`/v1/loans?${query}`)
    expect(answer.status).toBe(400)
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ code: "request-invalid", field })
    for (const sent of ["nowhere", "perhaps", "MARK", "501"]) expect(text).not.toContain(sent)
  })
})

describe("an unknown query parameter", () => {
  it("gets an answer with the most similar known name", async () => {
    const answer = await api("/v1/loans?stagee=approved")
    expect(await answer.json()).toMatchObject({
      code: "request-invalid",
      field: "stagee",
      detail: "The query: stagee is not known. Did you mean stage?",
    })
  })

  it.each(["dryrun=true", "dry_run=true", "dryRun=true&x=1"])(
    "does not turn a preview into a ruling: %s",
    async (query) => {
      const path = "/v1/loans/disputed-1"
      const etag = (await api(path)).headers.get("etag")
      const answer = await api(`${path}/ruling?${query}`, ruling)
      expect([answer.status, (await api(path)).headers.get("etag")]).toEqual([400, etag])
    },
  )

  it("is refused only after the key is checked: a stranger learns no names", async () => {
    const answer = await fetch(`${engine.url}/v1/loans?stagee=approved`)
    expect(answer.status).toBe(401)
  })
})

describe("a loan's ETag", () => {
  it("saves a reader an unchanged answer, until the loan changes", async () => {
    await engine.callback(decision("tagged-1", "APPROVED"))
    const path = "/v1/loans/tagged-1"
    const etag = (await api(path)).headers.get("etag") ?? ""
    expect(etag).toMatch(/^"1(?:-[a-z0-9]+){3}"$/u)
    for (const tags of [etag, `W/${etag}`, "*", `"a,b",${etag}`])
      expect((await api(path, { headers: { "if-none-match": tags } })).status).toBe(304)
    for (const tags of ['"1"', etag.slice(0, -1), `x${etag}`, etag.replaceAll('"', "")])
      expect((await api(path, { headers: { "if-none-match": tags } })).status).toBe(200)
    const headers = { "if-none-match": `"7", W/${etag}` }
    const known = await api(path, { headers })
    expect([known.status, known.headers.get("etag"), await known.text()]).toEqual([304, etag, ""])
    await engine.callback(event("tagged-1", "SIGNED"))
    expect((await api(path, { headers })).status).toBe(200)
  })
})

describe("a ruling", () => {
  const rule = async (query: string, options: Call = {}) => {
    const answer = await api(`/v1/loans/disputed-1/ruling${query}`, { ...ruling, ...options })
    return { status: answer.status, ...((await answer.json()) as object) }
  }

  it("shows its effect in a preview, is refused on a changed loan, and is then made once", async () => {
    const etag = (await api("/v1/loans/disputed-1")).headers.get("etag") ?? ""
    const dry = await rule("?dryRun=true", { headers: { "if-match": etag } })
    expect(dry).toMatchObject({ status: 200, dryRun: true, disposition: "advanced", stage: "approved" })
    expect((await api("/v1/loans/disputed-1")).headers.get("etag")).toBe(etag)

    const moved = await rule("", { headers: { "if-match": '"1"' } })
    expect(moved).toMatchObject({ status: 412, code: "loan-moved" })
    const never = ['W/"2"', `W/${etag}`, `W/${etag}, W/"2"`, '"1", "3"', '"two"', `"1", W/${etag}`, '""']
    for (const tags of never) {
      expect(await rule("", { headers: { "if-match": tags } })).toMatchObject({
        status: 412,
        code: "loan-moved",
        field: "if-match",
      })
    }
    for (const tags of ["*", " * ", '"1", "2"', `"1" ,, ${etag} ,`, `W/"1",${etag}`, '"a,b","2"'])
      expect(await rule("?dryRun=true", { headers: { "if-match": tags } })).toMatchObject({ status: 200 })
    const made = await rule("", { headers: { "if-match": etag } })
    expect(made).toMatchObject({ status: 200, dryRun: false, stage: "approved" })
    expect(await rule("")).toMatchObject({ status: 409, code: "ruling-refused" })
    const history = await (await api("/v1/loans/disputed-1/history")).json()
    expect(history).toHaveLength(3)
    expect(history).toMatchObject([{}, {}, { source: "operator", evidence: "operator" }])
    expect(engine.written()).toMatch(/a ruling was made.*"apiKey":"default".*"disputed-1"/u)
  })

  it.each<[string, Call, number, string | undefined]>([
    ["without a reason", { body: '{"decision":"approved","by":"MARK"}' }, 400, "reason"],
    ["with a blank name", { body: '{"decision":"approved","by":" ","reason":"MARK"}' }, 400, "by"],
    ["with an unknown decision", { body: '{"decision":"MARK","by":"a","reason":"b"}' }, 400, "decision"],
    ["that is no JSON", { body: "MARK" }, 400, undefined],
    ["on a version that is none", { headers: { "if-match": "MARK" } }, 400, "if-match"],
    ["on a tag that does not end", { headers: { "if-match": '"2' } }, 400, "if-match"],
    ["on tags without a comma", { headers: { "if-match": '"2" "MARK"' } }, 400, "if-match"],
    ["on a tag and any", { headers: { "if-match": '"2", *' } }, 400, "if-match"],
    ["on a tag that is weak in lower case", { headers: { "if-match": 'w/"2"' } }, 400, "if-match"],
    ["on an empty list", { headers: { "if-match": "," } }, 400, "if-match"],
    ["as XML", { headers: { "content-type": "text/xml" } }, 415, undefined],
    ["that is too large", { body: JSON.stringify({ reason: " ".repeat(300_000) }) }, 413, undefined],
  ])("%s is refused, with the fault but without the input", async (_name, options, status, field) => {
    const answer = await api("/v1/loans/disputed-1/ruling", { ...ruling, ...options })
    const text = await answer.text()
    expect([answer.status, (JSON.parse(text) as { field?: string }).field]).toEqual([status, field])
    expect(text).not.toContain("MARK")
  })
})

describe("a submission's answer in JSON", () => {
  it("without a known decision registers the loan, and makes the engine poll at once", async () => {
    const body = JSON.stringify({ applicationReference: "odd-1", decision: "TECHNICAL_ERROR", tenor: 72.5 })
    const answer = await api("/v1/loans", { method: "POST", body })
    expect([answer.status, await answer.json()]).toMatchObject([
      201,
      { registered: true, stage: "submitted" },
    ])
    const history = await (await api("/v1/loans/odd-1/history")).json()
    expect((history as ReadonlyArray<unknown>)[0]).toMatchObject({
      source: "submission",
      leftOut: ["tenor", "decision"],
      events: [],
    })
  })

  it("in XML is registered without its unreadable details", async () => {
    const result = "<applicationReference>odd-2</applicationReference><decision>APPROVED</decision>"
    const body =
      "<submitApplicationExtResponse><submitApplicationExtResult>" +
      `${result}<approvedAmount>10 000,50</approvedAmount><interest>N/A</interest>` +
      "</submitApplicationExtResult></submitApplicationExtResponse>"
    const answer = await api("/v1/loans", { method: "POST", headers: { "content-type": "text/xml" }, body })
    expect([answer.status, await answer.json()]).toMatchObject([
      201,
      { offer: { approvedAmount: "10000.5" } },
    ])
    const history = await (await api("/v1/loans/odd-2/history")).json()
    expect((history as ReadonlyArray<unknown>)[0]).toMatchObject({ leftOut: ["interest"] })
  })

  it("that is wrong is refused, and the answer does not repeat it", async () => {
    const body = JSON.stringify({ applicationReference: "\u0000MARK-personal", decision: "APPROVED" })
    const answer = await api("/v1/loans", { method: "POST", body })
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ code: "submission-malformed", field: "applicationReference" })
    expect(text).not.toContain("MARK")
  })

  it("may have the merchant's own reference, which is stored, searchable and fixed", async () => {
    const body = JSON.stringify({ applicationReference: "named-1", decision: "APPROVED" })
    const named = (order: string) =>
      api(`/v1/loans?externalReference=${encodeURIComponent(order)}`, { method: "POST", body })
    expect(await (await named("order 1/å")).json()).toMatchObject({
      externalReference: "order 1/å",
      version: 1,
    })
    expect((await named("order 1/å")).status).toBe(200)
    expect((await api("/v1/loans", { method: "POST", body })).status).toBe(200)
    const other = await named("order-2")
    expect([other.status, await other.json()]).toMatchObject([409, { code: "external-reference-mismatch" }])
    const found = await api(`/v1/loans?externalReference=${encodeURIComponent("order 1/å")}`)
    expect(await found.json()).toMatchObject({ loans: [{ applicationReference: "named-1" }], next: null })
    expect(await (await api("/v1/loans?externalReference=order-2")).json()).toEqual({ loans: [], next: null })
    expect((await named("two\nlines")).status).toBe(400)
  })

  it("for another account's loan is a conflict, and changes nothing", async () => {
    const file = join(directory, "accounts.sqlite")
    const swedish = await startEngine(file, { LOAN_ENGINE_ACCOUNTS: "se", LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    expect((await call(swedish.url, "/v1/loans", registration("owned-1"))).status).toBe(201)
    await swedish.stop()
    const norwegian = await startEngine(file, { LOAN_ENGINE_ACCOUNTS: "no", LOAN_ENGINE_STOP_DRAIN_MS: "1" })
    const answer = await call(norwegian.url, "/v1/loans", registration("owned-1"))
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: "account-mismatch" }])
    const loan = await call(norwegian.url, "/v1/loans/owned-1")
    expect(await loan.json()).toMatchObject({ account: "se", stage: "approved" })
    await norwegian.stop()
  })
})

describe("every route", () => {
  it("lists the content types of its answers, if the caller accepts none of them", async () => {
    const refused = await api("/v1/loans", { headers: { accept: "text/html, application/json;q=0" } })
    expect([refused.status, await refused.json()]).toMatchObject([406, { code: "not-acceptable" }])
    expect((await api("/v1/loans", { headers: { accept: "text/html, */*;q=0.1" } })).status).toBe(200)
    const stream = await api("/v1/changes", { headers: { accept: "application/json" } })
    expect(stream.status).toBe(406)
  })

  it("answers HEAD as GET without the body, and no method that it does not know", async () => {
    const head = await api("/v1/loans/listed-0", { method: "HEAD" })
    expect([head.status, head.headers.get("etag"), await head.text()]).toEqual([
      200,
      expect.stringMatching(/^"1-/u),
      "",
    ])
    expect((await api("/v1/changes", { method: "HEAD" })).status).toBe(200)
    expect((await api("/v1/loans", { method: "PROPFIND" })).status).toBe(405)
  })

  it("accepts references of the largest length", async () => {
    const reference = "é".repeat(applicationReferenceLengthMax)
    await engine.callback(decision(reference, "APPROVED"))
    expect((await api(`/v1/loans/${encodeURIComponent(reference)}`)).status).toBe(200)
    const longer = await api(`/v1/loans/${encodeURIComponent(`${reference}é`)}`)
    expect([longer.status, await longer.json()]).toMatchObject([400, { field: "reference" }])
  })

  it("accepts references with any letters, also letters that are longer in lower case", async () => {
    for (const reference of ["İ!", "İİİ", "ẞ/ß", "a%2Fb", "Case", "case"]) {
      await engine.callback(decision(reference, "APPROVED"))
      const path = `/v1/loans/${encodeURIComponent(reference)}`
      expect(await (await api(path)).json()).toMatchObject({ applicationReference: reference })
      expect(await (await api(`${path}/history`)).json()).toHaveLength(1)
    }
  })

  it("is described for everybody on a page that loads nothing from other hosts", async () => {
    const description = await fetch(`${engine.url}/openapi.json`)
    expect(await description.json()).toMatchObject({ openapi: "3.1.0", info: { title: "Loan engine" } })
    const page = await fetch(`${engine.url}/docs`)
    expect(page.status).toBe(200)
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(await page.text()).not.toMatch(/<(?:script|link)[^>]+(?:src|href)=/u)
  })
})

describe("a page of another origin", () => {
  const preflight = (origin: string) =>
    api("/v1/loans", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    })

  it("may call the API if its origin is listed, and no other may", async () => {
    const allowed = await preflight("https://desk.example")
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://desk.example")
    expect(allowed.headers.get("access-control-allow-headers")).toContain("if-match")
    const refused = await preflight("https://evil.example")
    expect(refused.headers.get("access-control-allow-origin")).toBeNull()
    const answer = await api("/v1/loans/listed-0", { headers: { origin: "https://shop.example" } })
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example")
    expect(answer.headers.get("access-control-expose-headers")).toContain("etag")
  })
})
