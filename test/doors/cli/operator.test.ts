import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { runCli } from "./run-cli.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-cli-"))
const databasePath = join(directory, "operated.sqlite")
const environment = { LOAN_ENGINE_DATABASE_URL: databasePath }
const cli = (...args: ReadonlyArray<string>) => runCli(args, environment)
const cliJson = async (...args: ReadonlyArray<string>) => {
  const { code, out, err } = await cli(...args, "--json")
  if (code !== 0) throw new Error(`exit ${code}: ${err}`)
  return JSON.parse(out)
}

const decision = (reference: string, creditDecision: string): string =>
  JSON.stringify({
    externalApplicationEvent: {
      applicationReference: reference,
      applicationEventType: "CREDIT_DECISION_UPDATED",
      creditDecision: { creditDecision, approvedAmount: 10_000 },
    },
  })
const paidOut = (reference: string): string =>
  JSON.stringify({
    externalApplicationEvent: { applicationReference: reference, applicationEventType: "PAID_OUT" },
  })

let engine: EngineProcess
beforeAll(async () => {
  engine = await startEngine(databasePath, { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
  for (const body of [
    decision("disputed-1", "APPROVED"),
    decision("disputed-1", "REJECTED"),
    decision("approved-1", "APPROVED"),
    paidOut("paid-1"),
  ]) {
    expect((await engine.callback(body)).status).toBe(200)
  }
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

describe("an operator's commands, beside a running engine", () => {
  it("show the stage of a loan, and the number of loans at each stage", async () => {
    expect(await cliJson("status", "approved-1")).toMatchObject({ stage: "approved", registered: false })
    const { accounts } = await cliJson("status")
    expect(accounts).toEqual([
      { account: "default", stages: { approved: 1, disputed: 1, paidOut: 1 }, closed: 0, stalled: 0 },
    ])
    const { out } = await cli("status", "approved-1")
    expect(out).toMatch(/stage +approved\n/u)
    expect((await cli("status")).out).toMatch(/^account +submitted .*stalled\ndefault +0 /u)
  })

  it("show why: each event, its source and evidence, and the inferred steps", async () => {
    const { out } = await cli("history", "paid-1")
    expect(out).toMatch(/callback +credentials +advanced +loan\.paidOut +submitted -> approved \(inferred\)/u)
    expect(out).toContain("paid-1 is paidOut: callback (credentials) said loan.paidOut at ")
    const [entry] = await cliJson("history", "paid-1")
    expect(entry.steps.map((step: { inferred: boolean }) => step.inferred)).toEqual([true, true, false])
  })

  it("show what was known at an earlier time", async () => {
    const [first, second] = await cliJson("history", "disputed-1")
    expect((await cliJson("at", first.recordedAt, "disputed-1")).loan.stage).toBe("approved")
    expect((await cliJson("at", second.recordedAt, "disputed-1")).loan.stage).toBe("disputed")
    expect((await cliJson("at", "2020-01-01", "disputed-1")).loan).toBeNull()
  })

  it("list disputes and stalled loans", async () => {
    const disputes = await cliJson("disputes")
    expect(disputes.map((loan: { applicationReference: string }) => loan.applicationReference)).toEqual([
      "disputed-1",
    ])
    expect((await cli("stalled")).out).toBe("no loan is stalled\n")
  })

  it("rule on a dispute: first a preview, then a refusal on a changed loan, then the ruling", async () => {
    const words = ["disputed-1", "rejected", "--by", "Anna Larsson", "--reason", "the bank said so by phone"]
    const preview = await cliJson("rule", ...words, "--dry-run")
    expect(preview).toMatchObject({ dryRun: true, stage: "rejected" })
    expect(preview.steps).toEqual([{ from: "disputed", to: "rejected", inferred: false }])
    expect((await cliJson("status", "disputed-1")).stage).toBe("disputed")

    const moved = await cli("rule", ...words, "--if-version", "1")
    expect([moved.code, moved.err]).toEqual([4, expect.stringContaining("no longer at version 1")])

    expect(await cliJson("rule", ...words, "--if-version", "2")).toMatchObject({
      stage: "rejected",
      version: 3,
    })
    const answer = await engine.api("GET", "/v1/loans/disputed-1")
    expect(await answer.json()).toMatchObject({ stage: "rejected", version: 3 })
    const { out } = await cli("history", "disputed-1")
    expect(out).toContain('by "Anna Larsson": "the bank said so by phone", through "command line: ')
  })

  it("and the engine continues from the ruling", async () => {
    expect((await engine.callback(paidOut("disputed-1"))).status).toBe(200)
    expect((await cliJson("status", "disputed-1")).stage).toBe("disputed")
    const entries = await cliJson("history", "disputed-1")
    expect(entries.map((entry: { version: number }) => entry.version)).toEqual([1, 2, 3, 4])
    entries.forEach((entry: { previousHash: string }, index: number) => {
      expect(entry.previousHash).toBe(entries[index - 1]?.hash ?? "")
    })
  })

  it("show the health of callbacks", async () => {
    const [health] = await cliJson("callback", "health")
    expect(health).toMatchObject({ account: "default", byPoll: 0, missed: 0, alarming: false })
    expect(health.byCallback).toBe(4)
    expect(health.lastCallbackAt).toMatch(/^\d{4}-/u)
  })
})

describe("a command that fails says why, and its exit code gives the kind of failure", () => {
  it.each([
    [["status", "nobody"], 3, "No loan nobody is known"],
    [
      ["rule", "approved-1", "rejected", "--by", "A", "--reason", "B"],
      2,
      "is not in dispute: its stage is approved",
    ],
    [["rule", "disputed-1", "rejected", "--by", "A", "--reason", " "], 2, "Give the reason"],
    [["rule", "disputed-1", "rejected", "--by", "A"], 2, "reason"],
    [["rule", "disputed-1", "perhaps", "--by", "A", "--reason", "B"], 2, "perhaps"],
    [["at", "yesterday", "approved-1"], 2, "expected a time such as"],
    [["at", "2026-03-01T12:00:00", "approved-1"], 2, "expected a time such as"],
    [["status", "a\u0007b"], 2, "control characters"],
    [["poll", "now", "approved-1"], 2, "has no bank"],
    [["disputes", "--limit", "-1"], 2, "limit"],
    [["at", "2026-02-31T00:00:00Z", "approved-1"], 2, "expected a time such as"],
    [["callback", "register", "--url", "https://us/callbacks/default"], 2, "has no bank"],
    [
      ["callback", "register", "--url", "https://us/", "--account", "no"],
      2,
      "Name one of the configured accounts",
    ],
    [["no-such-command"], 2, "no-such-command"],
  ])("%j exits with %d", async (args, code, message) => {
    const result = await cli(...args)
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(message)])
  })

  it("without a store, or with one of a newer program", async () => {
    const missing = await runCli(["status"], { LOAN_ENGINE_DATABASE_URL: join(directory, "none.sqlite") })
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining("none.sqlite")])
  })

  it("and completion scripts name every command", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, out } = await cli("--completions", shell)
      expect(code).toBe(0)
      for (const name of [
        "status",
        "history",
        "disputes",
        "rule",
        "stalled",
        "poll",
        "callback",
        "doctor",
        "trigger",
      ]) {
        expect(out).toContain(name)
      }
    }
  })
})

describe("a reference with characters that change the order of a line", () => {
  it("is shown with these characters escaped, in its column of a table", async () => {
    const reference = "paid\u202Etuo\u20281"
    for (const body of [decision(reference, "APPROVED"), decision(reference, "REJECTED")]) {
      expect((await engine.callback(body)).status).toBe(200)
    }
    const { out } = await cli("disputes")
    expect(out).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]/u)
    const [head = "", ...rows] = out.trimEnd().split("\n")
    const row = rows.find((each) => each.includes(String.raw`paid\u202etuo\u20281`))
    // The column of the account begins where its head does.
    expect(row?.slice(head.indexOf("account"))).toMatch(/^default/u)
    expect((await cli("status", reference)).out).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]/u)
  })
})
