import { beforeAll, describe, expect, it } from "vitest"
import { event } from "../api/api-call.ts"
import { freePort } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { approved, go, says, standing, useConsole } from "./support.ts"

const { start, visit } = useConsole()
let engine: EngineProcess

beforeAll(async () => {
  engine = await start("watching")
  for (const reference of ["watch-1", "watch-2", "other-1"]) await engine.callback(approved(reference))
})

const reference = (name: string) => ({ name, exact: true }) as const

describe("the list of loans", () => {
  it("finds a loan by the beginning of its reference, and Enter opens it if it is the only one", async () => {
    const page = await visit(engine, { at: "#/loans" })
    await page.getByRole("link", reference("other-1")).waitFor()
    const search = page.getByRole("searchbox")
    await search.fill("watch")
    await page.getByRole("link", reference("other-1")).waitFor({ state: "detached" })
    await expect.poll(() => page.locator("tbody tr").count()).toBe(2)
    await search.fill("watch-2")
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1)
    await search.press("Enter")
    await page.getByRole("heading", { name: "watch-2", level: 1 }).waitFor()
    await page.goBack()
    await expect.poll(() => page.getByRole("searchbox").inputValue()).toBe("watch-2")
    await search.fill("nothing like it")
    await says(page, "No loan matches.")
  })

  it("finds a loan by the merchant's own reference, and shows that reference on its page", async () => {
    const body = JSON.stringify({ applicationReference: "named-1", decision: "APPROVED" })
    expect((await engine.api("POST", "/v1/loans?externalReference=order-77", body)).status).toBe(201)
    const page = await visit(engine, { at: "#/loans?reference=order-77" })
    await page.getByRole("link", reference("named-1")).click()
    await says(page, "your reference order-77")
  })

  it("filters by stage, and shows a row's new stage in its place", async () => {
    await engine.callback(approved("live-1"))
    const page = await visit(engine, { at: "#/loans?reference=live" })
    const row = page.getByRole("row").filter({ hasText: "live-1" })
    await row.getByText("Approved").waitFor()
    await engine.callback(event("live-1", "SIGNED"))
    await row.getByText("Signed").waitFor()
    await engine.callback(approved("live-2"))
    await says(page, "1 more loan")
    await page.getByRole("button", { name: "Show" }).click()
    await page.getByRole("link", reference("live-2")).waitFor()
    await page.getByLabel("Stage").selectOption("signed")
    await page.getByRole("link", reference("live-2")).waitFor({ state: "detached" })
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1)
  })

  it("shows one page at a time", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `page-${String(index).padStart(2, "0")}`)
    await Promise.all(names.map((name) => engine.callback(approved(name))))
    const page = await visit(engine, { at: "#/loans?reference=page-" })
    await says(page, "50 shown")
    await expect.poll(() => page.locator("tbody tr").count()).toBe(50)
    await page.getByRole("link", { name: "Next page" }).click()
    await says(page, "10 shown")
    await page.getByRole("link", reference("page-59")).waitFor()
    await page.getByRole("link", { name: "First page" }).click()
    await page.getByRole("link", reference("page-00")).waitFor()
  })
})

describe("a loan's page", () => {
  it("shows the offer digit for digit, the evidence, and every step as the loan moves, over two streams at most", async () => {
    let open = 0
    let most = 0
    const page = await visit(engine)
    const isStream = (url: string): boolean => url.includes("/changes")
    page.on("request", (request) => {
      if (isStream(request.url())) most = Math.max(most, (open += 1))
    })
    const closed = (url: string): void => {
      if (isStream(url)) open -= 1
    }
    page.on("requestfinished", (request) => closed(request.url()))
    page.on("requestfailed", (request) => closed(request.url()))
    await go(page, "#/loans/watch-1")
    await says(page, "123,456.7")
    await says(page, "Credentials matched")
    await says(page, "The customer signs the agreement.")
    const picture = page.getByRole("img", { name: /Lifecycle/u })
    await expect
      .poll(() => picture.getAttribute("aria-label"))
      .toBe("Lifecycle. The path so far: Submitted → Approved")
    await engine.callback(event("watch-1", "PAID_OUT"))
    await expect.poll(() => standing(page).textContent()).toBe("Paid out")
    await expect
      .poll(() => picture.getAttribute("aria-label"))
      .toBe("Lifecycle. The path so far: Submitted → Approved → Signed (inferred) → Paid out")
    await expect.poll(() => page.locator(".edge.walked").count()).toBe(2 + 1)
    await expect.poll(() => page.locator(".edge.inferred").count()).toBe(1 + 1)
    await engine.callback(event("watch-1", "PAID_OUT"))
    await page.reload()
    await says(page, "Delivered again once")
    for (const next of ["#/loans/watch-2", "#/loans", "#/loans/other-1"]) await go(page, next)
    await page.getByRole("heading", { name: "other-1", level: 1 }).waitFor()
    await expect.poll(() => open).toBeLessThanOrEqual(2)
    expect(most).toBeGreaterThan(0)
  })

  it("waits for an unknown loan, and shows it when the engine knows it", async () => {
    const page = await visit(engine, { at: "#/loans/yet-unheard" })
    await says(page, "No loan has this reference.")
    await engine.callback(approved("yet-unheard"))
    await expect.poll(() => standing(page).textContent()).toBe("Approved")
  })

  it("says why the bank could not be asked", async () => {
    const page = await visit(engine, { at: "#/loans/watch-2" })
    await page.getByRole("button", { name: "Ask the bank now" }).click()
    await page.getByRole("alert").getByText("the loan's account has no bank").waitFor()
  })
})

describe("the overview", () => {
  it("counts the loans at every stage, and updates the counts", async () => {
    const page = await visit(engine)
    const signed = page.getByRole("link", { name: /^Signed [0-9]+$/u })
    const signedNow = () => signed.textContent()
    const before = Number((await signedNow())?.replace("Signed ", ""))
    await engine.callback(event("other-1", "SIGNED"))
    await expect.poll(signedNow).toBe(`Signed ${before + 1}`)
    await page.locator(".changes").getByRole("link", reference("other-1")).waitFor()
    await signed.click()
    await page.getByRole("link", reference("other-1")).waitFor()
  })
})

describe("a console whose engine goes away", () => {
  it("shows this, keeps its data, and continues by itself when the engine is back", async () => {
    const port = await freePort()
    const first = await start("restarted", {}, port)
    await first.callback(approved("restart-1"))
    const page = await visit(first, { at: "#/loans/restart-1" })
    await expect.poll(() => standing(page).textContent()).toBe("Approved")
    await page.locator(".live-mark").getByText("Live", { exact: true }).waitFor()
    await first.kill()
    await page.locator(".live-mark").getByText("Reconnecting").waitFor()
    await says(page, "The engine cannot be reached. The page may show old data.")
    await expect.poll(() => standing(page).textContent()).toBe("Approved")
    const second = await start("restarted", {}, port)
    await second.callback(event("restart-1", "SIGNED"))
    await expect.poll(() => standing(page).textContent()).toBe("Signed")
    await page.locator(".live-mark").getByText("Live", { exact: true }).waitFor()
  })
})
