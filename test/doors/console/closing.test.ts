import { beforeAll, describe, expect, it } from "vitest"
import { event } from "../api/api-call.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { approved, contradict, readerKey, says, useConsole } from "./support.ts"

const { start, visit } = useConsole()
let engine: EngineProcess
beforeAll(async () => {
  engine = await start("closing")
})

interface Shown {
  readonly closed: boolean
  readonly closure: unknown
}

const loanAt = async (reference: string): Promise<Shown> => {
  const answer = await engine.api("GET", `/v1/loans/${encodeURIComponent(reference)}`)
  return (await answer.json()) as Shown
}

describe("an application that nobody pursues", () => {
  it("is closed on its page with a reason and a note, and opened again there", async () => {
    await engine.callback(approved("close-1"))
    const page = await visit(engine, { at: "#/loans/close-1" })
    await says(page, "The application is open.")
    await page.getByLabel("Why it is closed").selectOption("superseded")
    await page.getByLabel("Note").fill("The customer sent another.")
    await page.getByRole("button", { name: "Close the application" }).click()
    await says(page, "Closed: superseded by another application.")
    await says(page, "Nobody has anything left to do.")
    await expect.poll(() => page.locator(".timeline").textContent()).toContain("The customer sent another.")
    expect(await loanAt("close-1")).toMatchObject({
      closed: true,
      closure: { reason: "superseded", by: "default", note: "The customer sent another." },
    })
    await page.getByRole("button", { name: "Open it again" }).click()
    await says(page, "The application is open.")
    await says(page, "Open again.")
    expect(await loanAt("close-1")).toMatchObject({ closed: false, closure: null })
  })

  it("is open again when the bank makes progress, and the open page shows this", async () => {
    await engine.callback(approved("close-2"))
    const page = await visit(engine, { at: "#/loans/close-2" })
    await page.getByRole("button", { name: "Close the application" }).click()
    await says(page, "Closed: withdrawn by the customer.")
    await engine.callback(event("close-2", "SIGNED"))
    await says(page, "The application is open.")
    await says(page, "Open again.")
  })

  it("leaves the list of disputes", async () => {
    await contradict(engine, "close-3")
    const page = await visit(engine, { at: "#/disputes" })
    await page.getByRole("link", { name: "close-3", exact: true }).click()
    await page.getByRole("button", { name: "Close the application" }).click()
    await says(page, "Closed: withdrawn by the customer.")
    await page.getByRole("link", { name: "Disputes" }).first().click()
    await says(page, "There is no dispute.")
  })

  it("can be closed only with the scope operate", async () => {
    await engine.callback(approved("close-4"))
    const page = await visit(engine, { key: readerKey, at: "#/loans/close-4" })
    await says(page, "The application is open.")
    await expect.poll(() => page.getByRole("button", { name: "Close the application" }).count()).toBe(0)
  })
})
