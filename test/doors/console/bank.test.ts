import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startSandbox } from "../cli/sandbox.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { contradict, go, says, standing, useConsole } from "./support.ts"

const { directory, start, visit } = useConsole()
let sandbox: Awaited<ReturnType<typeof startSandbox>>
let engine: EngineProcess

beforeAll(async () => {
  sandbox = await startSandbox()
  engine = await start("bank", { ...sandbox.environment, LOAN_ENGINE_CALLBACK_NEWS_MIN: "1" })
})
afterAll(() => sandbox.close())

describe("polling the bank from a loan's page", () => {
  it("brings news without a callback, shows that callback as late, and raises the alarm when it is missed", async () => {
    const opened = await sandbox.open()
    const { applicationReference } = opened
    expect((await engine.api("POST", "/v1/loans", JSON.stringify(opened))).status).toBe(201)
    // Nobody has registered a callback URL with this bank, so it sends no callback.
    const trigger = `${sandbox.environment.LOAN_ENGINE_TRIGGER_URL}/sign/${applicationReference}`
    expect((await fetch(trigger)).ok).toBe(true)
    const page = await visit(engine, { at: `#/loans/${applicationReference}` })
    await page.getByRole("button", { name: "Ask the bank now" }).click()
    await says(page, /^Status: Moved the loan/u)
    await says(page, /^Decision: /u)
    await expect.poll(() => standing(page).textContent()).toBe("Signed")
    await page.locator(".timeline").getByText("The bank's answer").first().waitFor()
    await says(page, /^The bank was last asked:/u)
    await says(page, /^The bank last answered:/u)

    await go(page, "#/callbacks")
    await page.locator(".badge.warn").getByText("Late").waitFor()
    await says(page, "loan-engine callback health --account default")
    await expect.poll(() => page.locator(".badge.fine").count()).toBe(0)

    const threeDaysAgo = Math.floor(Date.now() / 86_400_000) - 3
    const database = new DatabaseSync(join(directory, "bank.sqlite"))
    database.exec(`INSERT INTO callback_days (account, day, by_callback, by_poll, late, forged, unauthorized)
      VALUES ('default', ${threeDaysAgo}, 0, 1, 0, 0, 0)`)
    database.close()
    await page.reload()
    await page.locator(".badge.alarm").waitFor()
    await go(page, "#/")
    await page.getByRole("link", { name: "Callback alarms 1" }).waitFor()
  })
})

describe("the disputes on an open page", () => {
  it("appear when the bank contradicts itself, and disappear after a ruling elsewhere", async () => {
    const page = await visit(engine, { at: "#/disputes" })
    await says(page, "There is no dispute.")
    await contradict(engine, "live-dispute")
    const link = page.getByRole("link", { name: "live-dispute", exact: true })
    await link.waitFor()
    const ruling = JSON.stringify({ decision: "approved", by: "Somebody else", reason: "Letter" })
    expect((await engine.api("POST", "/v1/loans/live-dispute/ruling", ruling)).status).toBe(200)
    await link.waitFor({ state: "detached" })
    await says(page, "There is no dispute.")
  })
})
