import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loanClient } from "@loan-engine/app/client"
import type { LoanClient } from "@loan-engine/app/client"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { stateMsMax } from "../../patience.ts"
import { runCli } from "../cli/run-cli.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { call, decision, event } from "./api-call.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-closing-"))
const databasePath = join(directory, "loans.sqlite")
const digest = (key: string): string => createHash("sha256").update(key).digest("hex")
const cli = (...args: ReadonlyArray<string>) => runCli(args, { LOAN_ENGINE_DATABASE_URL: databasePath })

let engine: EngineProcess
let client: LoanClient
beforeAll(async () => {
  engine = await startEngine(databasePath, {
    LOAN_ENGINE_API_KEYS: `desk:read+operate:${digest("desk-key")},reader:read:${digest("reader-key")}`,
    LOAN_ENGINE_STOP_DRAIN_MS: "1",
  })
  client = loanClient({ baseUrl: engine.url, apiKey: "desk-key" })
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

const approved = async (reference: string): Promise<void> => {
  expect((await engine.callback(decision(reference, "APPROVED"))).status).toBe(200)
}
const post = (path: string, body: unknown, key = "desk-key", headers: Record<string, string> = {}) =>
  call(engine.url, path, { method: "POST", key, headers, body: JSON.stringify(body) })

describe("a loan that an operator closes", () => {
  it("needs no action, keeps the bank's stage, and shows who closed it, why, and with which key", async () => {
    await approved("closed-1")
    const closed = await client.closeLoan("closed-1", { reason: "withdrawn", note: "by phone" })
    expect(closed).toMatchObject({
      stage: "approved",
      version: 2,
      closed: true,
      closure: { reason: "withdrawn", by: "desk", note: "by phone" },
      next: { actor: "nobody", action: "none" },
      stalled: false,
      dormant: false,
      suggestion: null,
    })
    const [, entry] = await client.history("closed-1")
    expect(entry).toMatchObject({
      source: "operator",
      evidence: "operator",
      disposition: "noted",
      closure: "closed",
      through: "desk",
      events: [{ type: "loan.closed", closedFor: "withdrawn", by: "desk", note: "by phone" }],
    })
    expect(entry?.events[0]).not.toHaveProperty("approved")
    // A closed loan is polled again after a month, not after an hour like an approved loan.
    const asked = Date.parse(closed.nextPollAt ?? "") - Date.parse(closed.closure?.at ?? "")
    expect(asked / 86_400_000).toBeGreaterThan(20)
  })

  it("is recorded once for several equal requests; a different request replaces it", async () => {
    await approved("closed-2")
    const first = await client.closeLoan("closed-2", { reason: "expired", by: "Ada" })
    expect(await client.closeLoan("closed-2", { reason: "expired", by: "Ada" })).toEqual(first)
    // This also holds if the caller saw the version before the closing.
    expect(await client.closeLoan("closed-2", { reason: "expired", by: "Ada" }, { ifVersion: 1 })).toEqual(
      first,
    )
    const other = await client.closeLoan("closed-2", { reason: "duplicate", by: "Ada" })
    expect(other).toMatchObject({ version: 3, closed: true, closure: { reason: "duplicate" } })
    expect((await client.history("closed-2")).map(({ closure }) => closure)).toEqual([null, "closed", null])
  })

  it("is closed once by several equal requests at the same time", async () => {
    await approved("closed-9")
    const all = await Promise.all(
      Array.from({ length: 6 }, () => client.closeLoan("closed-9", { reason: "duplicate", by: "Ada" })),
    )
    expect(new Set(all.map(({ version }) => version))).toEqual(new Set([2]))
  })

  it("stays closed when the bank only repeats the known, and is open again once the bank goes further", async () => {
    await approved("closed-3")
    await client.closeLoan("closed-3", { reason: "withdrawn" })
    await approved("closed-3")
    expect(await client.loan("closed-3")).toMatchObject({ closed: true })
    await engine.callback(event("closed-3", "SIGNED"))
    expect(await client.loan("closed-3")).toMatchObject({
      stage: "signed",
      closed: false,
      closure: null,
      next: { actor: "bank", action: "pay-out" },
    })
    expect((await client.history("closed-3")).at(-1)).toMatchObject({
      disposition: "advanced",
      closure: "reopened",
      events: [{ type: "agreement.signed" }, { type: "loan.reopened" }],
    })
  })

  it("is opened again by an operator, and the engine polls soon", async () => {
    await approved("closed-4")
    await client.closeLoan("closed-4", { reason: "withdrawn" })
    const open = await client.reopenLoan("closed-4", { by: "Lin", note: "changed their mind" })
    expect(open).toMatchObject({
      stage: "approved",
      closed: false,
      closure: null,
      next: { actor: "customer", action: "sign-agreement" },
    })
    expect((await client.history("closed-4")).at(-1)).toMatchObject({
      closure: "reopened",
      through: "desk",
      events: [{ type: "loan.reopened", by: "Lin", note: "changed their mind" }],
    })
    const again = await post("/v1/loans/closed-4/reopen", {})
    expect([again.status, await again.json()]).toEqual([
      409,
      expect.objectContaining({ code: "closing-refused", detail: "closed-4 is not closed." }),
    ])
  })

  it("leaves the lists of loans that need a person, and is counted separately", async () => {
    const before = await client.accounts()
    for (const word of ["APPROVED", "REJECTED"]) await engine.callback(decision("closed-5", word))
    const disputed = await client.loans({ disputed: true, closed: false })
    expect(disputed.loans.map((loan) => loan.applicationReference)).toContain("closed-5")
    await client.closeLoan("closed-5", { reason: "superseded" })
    const left = await client.loans({ disputed: true, closed: false })
    expect(left.loans.map((loan) => loan.applicationReference)).not.toContain("closed-5")
    const closed = await client.loans({ closed: true, reference: "closed-5" })
    expect(closed.loans.map((loan) => loan.applicationReference)).toEqual(["closed-5"])
    expect((await cli("disputes")).out).toBe("no loan is in dispute\n")
    // The counts may be a moment old.
    await vi.waitFor(
      async () => {
        const [after] = await client.accounts()
        expect((after?.closed ?? 0) - (before[0]?.closed ?? 0)).toBe(1)
        expect(after?.loans.disputed).toBe(before[0]?.loans.disputed)
      },
      { timeout: stateMsMax },
    )
  })

  it("enters and leaves a watch for closed loans when it is closed and opened again", async () => {
    const watch = client.watchLoans({ closed: true, reference: "closed-8" })
    const stop = watch.subscribe(() => undefined)
    const shown = () => watch.getSnapshot().loans.map((loan) => loan.applicationReference)
    await approved("closed-8-open")
    await approved("closed-8")
    await client.closeLoan("closed-8", { reason: "expired" })
    await vi.waitFor(() => expect(shown()).toEqual(["closed-8"]), { timeout: stateMsMax })
    await engine.callback(event("closed-8-open", "SIGNED"))
    await engine.callback(event("closed-8", "SIGNED"))
    await vi.waitFor(() => expect(shown()).toEqual([]), { timeout: stateMsMax })
    stop()
  })

  it("is refused without the scope, on a changed loan, and with an unknown reason", async () => {
    await approved("closed-6")
    const closing = { reason: "withdrawn" }
    const tries: ReadonlyArray<readonly [Promise<Response>, number, string]> = [
      [post("/v1/loans/closed-6/close", closing, "reader-key"), 403, "scope-missing"],
      [post("/v1/loans/closed-6/close", closing, "desk-key", { "if-match": '"9"' }), 412, "loan-moved"],
      [post("/v1/loans/closed-6/close", { reason: "tired" }), 400, "request-invalid"],
      [post("/v1/loans/closed-6/close", { reason: "withdrawn", by: " " }), 400, "request-invalid"],
      [post("/v1/loans/nobody/close", closing), 404, "loan-unknown"],
      [post("/v1/loans/closed-6/close", { reason: "other" }), 409, "closing-refused"],
    ]
    for (const [answer, status, code] of tries) {
      const { status: was } = await answer
      expect([was, ((await (await answer).json()) as { readonly code: string }).code]).toEqual([status, code])
    }
    expect(await client.loan("closed-6")).toMatchObject({ version: 1, closed: false })
    const { version } = await client.closeLoan("closed-6", { reason: "withdrawn" }, { ifVersion: 1 })
    expect(version).toBe(2)
  })
})

describe("requests for documents that add up", () => {
  it("are shown up to the limit of a request, and never more than can be read", async () => {
    const documents = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => `DOCUMENT_${from + index}`)
    await approved("many-1")
    for (const [from, to] of [
      [0, 50],
      [50, 55],
    ] as const) {
      const body = event("many-1", "WAITING_FOR_ADDITION", { requiredDocuments: documents(from, to) })
      expect((await engine.callback(body)).status).toBe(200)
    }
    const { requiredDocuments } = await client.loan("many-1")
    expect(requiredDocuments).toHaveLength(50)
    expect(requiredDocuments).toEqual(expect.arrayContaining([...documents(50, 55)]))
  })
})

describe("the commands close and reopen", () => {
  it("are recorded with the user of the command, and show the result", async () => {
    await approved("closed-7")
    const { code, out } = await cli(
      "close",
      "closed-7",
      "expired",
      "--note",
      "the offer was good for 30 days",
    )
    expect([code, out]).toEqual([0, "closed-7 is closed; its stage at the bank is approved\n"])
    const status = await cli("status", "closed-7")
    expect(status.out).toMatch(
      /closed +yes, expired, by "command line: .*: "the offer was good for 30 days"\n/u,
    )
    expect((await cli("history", "closed-7")).out).toMatch(/operator +operator +noted: closed +loan\.closed/u)
    expect((await cli("status")).out).toMatch(/^account .* closed +stalled\n/u)
    const open = await cli("reopen", "closed-7", "--by", "Ada")
    expect(open.out).toBe("closed-7 is open, and approved\n")
    const refused = await cli("reopen", "closed-7", "--by", "Lin")
    expect([refused.code, refused.err]).toEqual([2, "loan-engine: closed-7 is not closed.\n"])
    expect((await cli("dormant")).out).toBe("no loan is dormant\n")
  })
})
