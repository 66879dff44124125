import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loanClient } from "@loan-engine/app/client"
import type { LoanClient } from "@loan-engine/app/client"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { call, decision, event } from "./api-call.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-accounts-"))
const digest = (key: string): string => createHash("sha256").update(key).digest("hex")
let engine: EngineProcess
let client: LoanClient

beforeAll(async () => {
  engine = await startEngine(join(directory, "accounts.sqlite"), {
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
    LOAN_ENGINE_API_KEYS: `desk:read+operate:${digest("desk-key")},shop:register:${digest("shop-key")}`,
    LOAN_ENGINE_ACCOUNTS_AGE_MAX_MS: "50",
    LOAN_ENGINE_CALLBACK_NEWS_MIN: "1",
  })
  client = loanClient({ baseUrl: engine.url, apiKey, reconnectMsMin: 20 })
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

describe("GET /v1/accounts", () => {
  it("counts each account's loans at every stage, and tells how its callbacks fare", async () => {
    const [before] = await client.accounts()
    expect(before).toMatchObject({
      name: "default",
      loans: { submitted: 0, approved: 0, disputed: 0 },
      stalled: 0,
      callbacks: { byCallback: 0, lastCallbackAt: null, alarming: false, days: 7 },
    })
    await engine.callback(decision("a-1", "APPROVED"))
    await engine.callback(decision("a-2", "APPROVED"))
    await engine.callback(decision("a-2", "REJECTED"))
    await engine.callback(event("a-3", "SIGNED"))
    await engine.callback(decision("a-4", "APPROVED"), { authorization: "Basic bm9ib2R5" })
    await expect
      .poll(async () => (await client.accounts())[0])
      .toMatchObject({
        loans: { submitted: 0, approved: 1, disputed: 1, signed: 1, paidOut: 0 },
        callbacks: {
          byPoll: 0,
          missedRate: 0,
          lastCallbackAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/u),
          command: "loan-engine callback health --account default",
        },
      })
    expect((await client.accounts())[0]?.callbacks.byCallback).toBeGreaterThanOrEqual(3)
  })

  it("is for keys that may read", async () => {
    const answer = await call(engine.url, "/v1/accounts", { key: "shop-key" })
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: "scope-missing" }])
    expect((await call(engine.url, "/v1/accounts", { key: "nobody" })).status).toBe(401)
  })
})

describe("GET /v1/key", () => {
  it("gives the key's name and scopes, but nothing of the key itself", async () => {
    expect(await client.key()).toEqual({ name: "default", scopes: ["read", "register", "operate"] })
    const desk = await call(engine.url, "/v1/key", { key: "desk-key" })
    const text = await desk.text()
    expect(JSON.parse(text)).toEqual({ name: "desk", scopes: ["read", "operate"] })
    expect(text).not.toContain("desk-key")
    expect(text).not.toContain(digest("desk-key"))
    expect((await call(engine.url, "/v1/key", { key: "shop-key" })).status).toBe(403)
  })
})

describe("GET /v1/loans by reference", () => {
  it("finds what begins with it, letter by letter, and pages through it", async () => {
    for (const reference of ["Find-1", "find-1", "find-2", "find-3", "fin"]) {
      await engine.callback(decision(reference, "APPROVED"))
    }
    const names = async (options: Parameters<LoanClient["loans"]>[0]) =>
      (await client.loans(options)).loans.map(({ applicationReference }) => applicationReference)
    expect(await names({ reference: "find-" })).toEqual(["find-1", "find-2", "find-3"])
    expect(await names({ reference: "find-", stage: "signed" })).toEqual([])
    expect(await names({ reference: "FIND" })).toEqual([])
    const first = await client.loans({ reference: "find-", limit: 2 })
    expect(await names({ reference: "find-", cursor: first.next ?? "" })).toEqual(["find-3"])
    const answer = await call(engine.url, "/v1/loans?reference=%00")
    expect([answer.status, await answer.json()]).toMatchObject([400, { field: "reference" }])
    const tooLong = await call(engine.url, `/v1/loans?reference=${"x".repeat(513)}`)
    expect(tooLong.status).toBe(400)
  })
})

describe("a watch on all changes", () => {
  it("gives each change when it comes, the newest first, and loads no earlier change", async () => {
    const watch = client.watchChanges()
    const seen: Array<string> = []
    onTestFinished(
      watch.subscribe(() => {
        const [change] = watch.getSnapshot().changes
        if (change !== undefined) seen.push(change.applicationReference)
      }),
    )
    await expect.poll(watch.getSnapshot).toMatchObject({ status: "live", changes: [] })
    for (let index = 0; index < 60; index += 1) await engine.callback(decision(`w-${index}`, "APPROVED"))
    await expect.poll(() => seen.length).toBe(60)
    expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => `w-${index}`))
    const { changes } = watch.getSnapshot()
    expect(changes).toHaveLength(50)
    expect(changes[0]).toMatchObject({ applicationReference: "w-59", loan: { stage: "approved" } })
    expect(client.watchChanges({ account: "other" }).getSnapshot().changes).toEqual([])
  })
})

describe("the key that sent something", () => {
  it("is in the journal next to the name that the sender gives: for a registration and for a ruling", async () => {
    const registration = { applicationReference: "who-1", decision: "APPROVED" }
    const registered = await call(engine.url, "/v1/loans", {
      method: "POST",
      key: "shop-key",
      body: JSON.stringify(registration),
    })
    expect(registered.status).toBe(201)
    const ruled = await call(engine.url, "/v1/loans/who-1/ruling", {
      method: "POST",
      key: "desk-key",
      body: JSON.stringify({ decision: "rejected", by: "the bank itself", reason: "x", undisputed: true }),
    })
    expect(ruled.status).toBe(200)
    await engine.callback(event("who-1", "WAITING_FOR_ADDITION"))
    const entries = await client.history("who-1")
    expect(entries.map(({ source, through }) => [source, through])).toEqual([
      ["submission", "shop"],
      ["operator", "desk"],
      ["callback", null],
    ])
    expect(JSON.stringify(entries)).not.toMatch(/shop-key|desk-key/u)
  })
})
