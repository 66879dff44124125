import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LoanApiError, loanClient } from "@loan-engine/app/client"
import { afterAll, describe, expect, it, onTestFinished } from "vitest"
import { apiKey, freePort, startEngine } from "../../whole/slice/engine-process.ts"
import { decision, event } from "./api-call.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-client-"))
const file = (name: string): string => join(directory, `${name}.sqlite`)
afterAll(() => rmSync(directory, { recursive: true }))

const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1" }
const clientOf = (baseUrl: string, key = apiKey) =>
  loanClient({ baseUrl, apiKey: key, reconnectMsMin: 20, reconnectMsMax: 200 })

/** Subscribes to a watch as a frontend does, until the test ends. Collects every snapshot. */
function follow<Snapshot>(watch: {
  readonly subscribe: (listener: () => void) => () => void
  readonly getSnapshot: () => Snapshot
}) {
  const shown: Array<Snapshot> = [watch.getSnapshot()]
  const unsubscribe = watch.subscribe(() => shown.push(watch.getSnapshot()))
  onTestFinished(unsubscribe)
  return { shown, unsubscribe }
}

describe("the client's calls", () => {
  it("register, read, list and rule, and report refusals of the engine", async () => {
    const engine = await startEngine(file("calls"), quick)
    const client = clientOf(engine.url)
    const registered = await client.register({
      applicationReference: "called-1",
      decision: "APPROVED",
      approvedAmount: "10000.50",
    })
    expect(registered).toMatchObject({ stage: "approved", offer: { approvedAmount: "10000.5" }, version: 1 })
    const xml =
      "<submitApplicationExtResponse><submitApplicationExtResult><applicationReference>called-2</applicationReference>" +
      "<decision>MANUAL_INSPECTION</decision></submitApplicationExtResult></submitApplicationExtResponse>"
    expect(await client.register(xml)).toMatchObject({ stage: "manualInspection" })
    await engine.callback(decision("called-1", "APPROVED"))
    await engine.callback(decision("called-1", "REJECTED"))
    // This account has no bank that could confirm a decision.
    const next = { actor: "operator", action: "rule-on-dispute" }
    expect(await client.loan("called-1")).toMatchObject({ stage: "disputed", next })
    const { loans } = await client.loans({ disputed: true })
    expect(loans.map(({ applicationReference }) => applicationReference)).toEqual(["called-1"])

    const ruling = { decision: "approved", by: "Desk", reason: "phone" } as const
    expect(await client.rule("called-1", ruling, { dryRun: true })).toMatchObject({ dryRun: true })
    const moved = await client.rule("called-1", ruling, { ifVersion: 1 }).catch((error: unknown) => error)
    expect(moved).toBeInstanceOf(LoanApiError)
    expect(moved).toMatchObject({ problem: { status: 412, code: "loan-moved" } })
    expect(await client.rule("called-1", ruling, { ifVersion: 3 })).toMatchObject({ stage: "approved" })
    expect(await client.history("called-1")).toHaveLength(4)
    await expect(client.loan("nobody")).rejects.toMatchObject({ problem: { code: "loan-unknown" } })
    await expect(client.poll("called-1")).rejects.toMatchObject({ problem: { code: "bank-unanswered" } })
    await engine.stop()
    await expect(client.loan("called-1")).rejects.toMatchObject({ problem: undefined })
  })

  it("say that the bank must act in a dispute while a bank can be polled", async () => {
    const engine = await startEngine(file("asked"), {
      ...quick,
      LOAN_ENGINE_BANK_URL: `http://127.0.0.1:${await freePort()}`,
      LOAN_ENGINE_BANK_USERNAME: "agent",
      LOAN_ENGINE_BANK_PASSWORD: "secret",
    })
    for (const word of ["APPROVED", "REJECTED"]) await engine.callback(decision("asked-1", word))
    const next = { actor: "bank", action: "confirm-decision" }
    expect(await clientOf(engine.url).loan("asked-1")).toMatchObject({ stage: "disputed", next })
    await engine.stop()
  })
})

describe("a client in a page of another origin", () => {
  it("sends only headers that the engine allows for such a page", async () => {
    const engine = await startEngine(file("origin"), {
      ...quick,
      LOAN_ENGINE_CORS_ORIGINS: "https://desk.example",
    })
    const sent = new Set<string>()
    const client = loanClient({
      baseUrl: engine.url,
      apiKey,
      fetch: (input, init) => {
        for (const name of new Headers(init?.headers).keys()) sent.add(name)
        return fetch(input, init)
      },
    })
    await client.register({ applicationReference: "origin-1", decision: "APPROVED" })
    const watch = client.watchLoan("origin-1")
    follow(watch)
    await expect.poll(watch.getSnapshot).toMatchObject({ status: "live" })
    const ruling = { decision: "rejected", by: "Desk", reason: "phone", undisputed: true } as const
    await client.rule("origin-1", ruling, { ifVersion: 1 })
    const preflight = await fetch(`${engine.url}/v1/loans`, {
      method: "OPTIONS",
      headers: { origin: "https://desk.example", "access-control-request-method": "POST" },
    })
    const allowed = (preflight.headers.get("access-control-allow-headers") ?? "").split(",")
    expect(sent).toContain("if-match")
    expect([...sent].filter((name) => name !== "accept" && !allowed.includes(name))).toEqual([])
    await engine.stop()
  })
})

describe("a watch on one loan", () => {
  it("shows each of its versions, also after the engine was killed and after changes while nobody watched", async () => {
    const port = await freePort()
    const first = await startEngine(file("watched"), quick, port)
    await first.callback(decision("watched-1", "APPROVED"))
    const watch = clientOf(first.url).watchLoan("watched-1")
    expect(watch.getSnapshot()).toBe(watch.getSnapshot())
    const { shown, unsubscribe } = follow(watch)
    await expect.poll(watch.getSnapshot).toMatchObject({ status: "live", loan: { stage: "approved" } })
    expect(watch.getSnapshot()).toBe(watch.getSnapshot())

    await first.kill()
    await expect
      .poll(watch.getSnapshot)
      .toMatchObject({ status: "reconnecting", loan: { stage: "approved" } })
    const second = await startEngine(file("watched"), quick, port)
    await second.callback(event("watched-1", "SIGNED"))
    await expect.poll(watch.getSnapshot).toMatchObject({ status: "live", loan: { stage: "signed" } })

    unsubscribe()
    await second.callback(event("watched-1", "PAID_OUT"))
    follow(watch)
    await expect.poll(watch.getSnapshot).toMatchObject({ status: "live", loan: { stage: "paidOut" } })
    expect(new Set(shown.map(({ status }) => status))).toEqual(
      new Set(["connecting", "live", "reconnecting"]),
    )
    await second.stop()
  })

  it("waits for an unknown loan, and ends when it is refused", async () => {
    const engine = await startEngine(file("refused"), quick)
    const early = clientOf(engine.url).watchLoan("early-1")
    follow(early)
    await engine.callback(decision("early-1", "APPROVED"))
    await expect.poll(early.getSnapshot).toMatchObject({ status: "live", loan: { stage: "approved" } })
    const stranger = clientOf(engine.url, "no-key").watchLoan("early-1")
    follow(stranger)
    await expect.poll(stranger.getSnapshot).toMatchObject({ status: "refused", problem: { status: 401 } })
    await engine.stop()
  })
})

describe("a watch on many loans", () => {
  it("shows exactly the loans that match its filter, also over a restart", async () => {
    const port = await freePort()
    const send = async (engine: Awaited<ReturnType<typeof startEngine>>, from: number, to: number) => {
      for (let index = from; index < to; index += 1)
        await engine.callback(decision(`many-${index}`, "APPROVED"))
    }
    const first = await startEngine(file("many"), quick, port)
    await send(first, 0, 30)
    const watch = clientOf(first.url).watchLoans({ stage: "approved" })
    const { shown } = follow(watch)
    const count = () => watch.getSnapshot().loans.length
    await expect.poll(count).toBe(30)
    const sending = send(first, 30, 60)
    await sending
    await first.stop()
    const second = await startEngine(file("many"), quick, port)
    await send(second, 60, 90)
    await expect.poll(count).toBe(90)
    await second.callback(event("many-7", "SIGNED"))
    await expect.poll(count).toBe(89)
    const names = watch.getSnapshot().loans.map(({ applicationReference }) => applicationReference)
    expect(names).toEqual(names.toSorted())
    expect(names).not.toContain("many-7")
    // No later snapshot lacks the loans from the start.
    const counts = shown.map(({ loans }) => loans.length).filter((each) => each > 0)
    expect(Math.min(...counts)).toBe(30)
    await second.stop()
  })
})
