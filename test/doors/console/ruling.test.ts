import type { Page } from "playwright-core"
import { beforeAll, describe, expect, it } from "vitest"
import { event } from "../api/api-call.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { contradict, readerKey, registrarKey, says, standing, useConsole } from "./support.ts"

const { start, visit } = useConsole()
let engine: EngineProcess
beforeAll(async () => {
  engine = await start("ruling")
})

const stageAt = async (reference: string): Promise<unknown> => {
  const answer = await engine.api("GET", `/v1/loans/${encodeURIComponent(reference)}`)
  return ((await answer.json()) as { readonly stage: unknown }).stage
}

const fill = async (page: Page, verdict: string, by: string, reason: string): Promise<void> => {
  await page.getByRole("radio", { name: verdict }).check()
  await page.getByLabel("Your name").fill(by)
  await page.getByLabel("Reason").fill(reason)
  await page.getByRole("button", { name: "Preview" }).click()
}

describe("a ruling", () => {
  it("is found among the disputes, previewed without being written, and then made", async () => {
    await contradict(engine, "rule-1")
    const page = await visit(engine, { at: "#/disputes" })
    await page.getByRole("link", { name: "Look and rule rule-1" }).click()
    await fill(page, "Approved", "Ada Desk", "The bank's clerk confirmed it by phone.")
    await says(page, "The loan's stage would be: Approved")
    await says(page, "Nothing has been written yet.")
    expect(await stageAt("rule-1")).toBe("disputed")
    await page.getByRole("button", { name: "Rule: approved" }).click()
    await says(page, "Ruled. The loan's stage: Approved")
    await expect.poll(() => standing(page).textContent()).toBe("Approved")
    await says(page, "The bank's clerk confirmed it by phone.")
    await says(page, "by Ada Desk")
    expect(await stageAt("rule-1")).toBe("approved")
    await expect.poll(() => page.getByRole("heading", { name: "Rule on the dispute" }).count()).toBe(0)
  })

  it("is made by the keyboard alone", async () => {
    await contradict(engine, "rule-keys")
    const page = await visit(engine, { at: "#/disputes" })
    await page.getByRole("link", { name: "rule-keys", exact: true }).waitFor()
    /** Presses Tab until the focused element has this name. */
    const tabTo = async (name: string): Promise<void> => {
      const focused =
        "(e => (e.labels?.[0]?.textContent ?? e.textContent ?? '').trim())(document.activeElement)"
      for (let pressed = 0; pressed < 40; pressed += 1) {
        await page.keyboard.press("Tab")
        if ((await page.evaluate(focused)) === name) return
      }
      throw new Error(`Tab does not lead to ${name}`)
    }
    await tabTo("rule-keys")
    await page.keyboard.press("Enter")
    await page.getByRole("heading", { name: "Rule on the dispute" }).waitFor()
    await tabTo("Approved")
    await page.keyboard.press("ArrowDown")
    await tabTo("Your name")
    await page.keyboard.type("Keyboard Kim")
    await tabTo("Reason")
    await page.keyboard.type("Both hands on the keys")
    await tabTo("Preview")
    await page.keyboard.press("Enter")
    await says(page, "The loan's stage would be: Declined")
    await tabTo("Rule: declined")
    await page.keyboard.press("Enter")
    await says(page, "Ruled. The loan's stage: Declined")
    await says(page, "Revoked: the loan is no longer approved.")
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toContain("Ruled.")
    expect(await stageAt("rule-keys")).toBe("rejected")
  })

  it("is not made on a loan that has changed since the preview", async () => {
    await contradict(engine, "rule-moved")
    const page = await visit(engine, { at: "#/loans/rule-moved" })
    await fill(page, "Declined", "Ada Desk", "Letter")
    await says(page, "The loan's stage would be: Declined")
    await engine.callback(event("rule-moved", "SIGNED"))
    await says(page, "The loan has changed since you loaded it.")
    await expect.poll(() => page.getByRole("button", { name: "Rule: declined" }).count()).toBe(0)
    expect(await stageAt("rule-moved")).toBe("disputed")
    await page.getByRole("button", { name: "Preview" }).click()
    await page.getByRole("button", { name: "Rule: declined" }).click()
    await says(page, "Ruled. The loan's stage: Declined")
  })

  it("is refused by the engine itself if the page does not know yet that the loan has changed", async () => {
    await contradict(engine, "rule-raced")
    const page = await visit(engine, { at: "#/loans/rule-raced" })
    await fill(page, "Declined", "Ada Desk", "Letter")
    await says(page, "The loan's stage would be: Declined")
    // The ruling waits on its way to the engine until the loan has changed.
    await page.route("**/ruling**", async (route) => {
      await engine.callback(event("rule-raced", "SIGNED"))
      await route.continue()
    })
    const answered = page.waitForResponse((response) => response.url().includes("/ruling"))
    await page.getByRole("button", { name: "Rule: declined" }).click()
    expect((await answered).status()).toBe(412)
    await says(page, "The loan has changed since you loaded it.")
    expect(await stageAt("rule-raced")).toBe("disputed")
  })
})

describe("a key", () => {
  it("that may only read shows everything, cannot rule or poll, and shows the missing scope", async () => {
    await contradict(engine, "rule-reader")
    const page = await visit(engine, { key: readerKey, at: "#/loans/rule-reader" })
    await says(page, "This key may only read.")
    await says(page, "To ask the bank, the key needs the scope operate.")
    await says(page, "Key: desk")
    await expect.poll(() => page.getByRole("button", { name: "Preview" }).count()).toBe(0)
    await expect.poll(() => page.getByRole("button", { name: "Ask the bank now" }).count()).toBe(0)
  })

  it.each([
    ["nobody's", "The engine does not know this key."],
    [registrarKey, "This key may not read: it needs the scope read."],
    ["schlüssel", "The engine does not know this key."],
  ])("such as %s gets a message about its fault", async (key, message) => {
    const page = await visit(engine, { key: "" })
    await page.getByLabel("API key").fill(key)
    await page.getByRole("button", { name: "Sign in" }).click()
    await page.getByRole("alert").getByText(message).waitFor()
    await expect.poll(() => page.getByRole("navigation").count()).toBe(0)
    await expect.poll(() => page.evaluate("sessionStorage.length")).toBe(0)
  })

  it("is removed from the address at once, kept for the tab, and removed on signing out", async () => {
    const page = await visit(engine, { key: readerKey })
    expect(page.url()).not.toContain(readerKey)
    await page.goBack()
    expect(page.url()).not.toContain(readerKey)
    await page.goto(`${engine.url}/console`)
    await page.getByRole("navigation").waitFor()
    await page.getByRole("button", { name: "Sign out" }).click()
    await page.getByLabel("API key").waitFor()
    await page.reload()
    await page.getByLabel("API key").waitFor()
    await expect
      .poll(() => page.evaluate("JSON.stringify([sessionStorage, localStorage])"))
      .not.toContain(readerKey)
  })
})

describe("texts from strangers", () => {
  it("are shown as plain text: a reference, an operator's name and a reason", async () => {
    const reference = `<img src=x onerror=alert(1)>"'&`
    const by = `<script>alert(2)</script>`
    const reason = `"><svg onload=alert(3)>\n{{7*7}} javascript:alert(4)`
    await contradict(engine, reference)
    const page = await visit(engine, { at: "#/disputes" })
    await page.getByRole("link", { name: reference, exact: true }).click()
    await page.getByRole("heading", { name: reference, level: 1 }).waitFor()
    await fill(page, "Approved", by, reason)
    await page.getByRole("button", { name: "Rule: approved" }).click()
    await says(page, `by ${by}`)
    await expect.poll(() => page.locator("q").textContent()).toBe(reason)
    await expect.poll(() => page.locator("img, main script").count()).toBe(0)
    await expect.poll(() => page.title()).toContain(reference)
  })

  it("do not change the direction of other text: a document's name, a reason and a note", async () => {
    const turned = "\u202Edetcejer"
    await contradict(engine, "turned-1")
    await engine.callback(event("turned-1", "WAITING_FOR_ADDITION", { requiredDocuments: [turned] }))
    const page = await visit(engine, { at: "#/loans/turned-1" })
    await fill(page, "Approved", turned, `because ${turned}`)
    await page.getByRole("button", { name: "Rule: approved" }).click()
    await says(page, /^Ruled\./u)
    const written = String.raw`\u202edetcejer`
    // An entry that cannot be a document is left out, and the page names the detail.
    await says(page, /requiredDocuments/u)
    await page.locator("q").getByText(`because ${written}`).waitFor()
    await expect.poll(() => page.evaluate("document.body.innerText")).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]/u)
  })
})
