import axe from "axe-core"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { stateMsMax } from "../../patience.ts"
import { da } from "../../../packages/app/console/src/words/da.ts"
import { en } from "../../../packages/app/console/src/words/en.ts"
import { fi } from "../../../packages/app/console/src/words/fi.ts"
import { nb } from "../../../packages/app/console/src/words/nb.ts"
import { sv } from "../../../packages/app/console/src/words/sv.ts"
import { event } from "../api/api-call.ts"
import { startSandbox } from "../cli/sandbox.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { approved, contradict, go, readerKey, useConsole } from "./support.ts"
import type { Visit } from "./support.ts"

const { start, visit } = useConsole()
let sandbox: Awaited<ReturnType<typeof startSandbox>>
let engine: EngineProcess

/** A reference that is longer than the screen of a telephone, without a place for a line break. */
const long = `long-${"W".repeat(120)}`

beforeAll(async () => {
  sandbox = await startSandbox()
  engine = await start("pages", {
    ...sandbox.environment,
    LOAN_ENGINE_POLL_INTERVAL_SCALE: "0.00001",
    LOAN_ENGINE_POLL_ATTEMPTS_MAX: "1",
    // A stalled loan stays stalled although the time runs fast.
    LOAN_ENGINE_APPROVED_HORIZON_DAYS: "1000000",
    LOAN_ENGINE_SUBMITTED_HORIZON_DAYS: "1000000",
    LOAN_ENGINE_MANUAL_INSPECTION_HORIZON_DAYS: "1000000",
  })
  for (const reference of ["page-1", long]) await engine.callback(approved(reference))
  await engine.callback(event("page-1", "ADDITION_REQUESTED", {}))
  await engine.callback(event("page-1", "PAID_OUT"))
  await engine.callback(event("held-1", "SOMETHING_NEW"))
  await contradict(engine, "disputed-1")
  const opened = await sandbox.open()
  const stalled = opened.applicationReference
  expect((await engine.api("POST", "/v1/loans", JSON.stringify(opened))).status).toBe(201)
  await vi.waitFor(
    async () => {
      const answer = await engine.api("GET", `/v1/loans/${stalled}`)
      expect(await answer.json()).toMatchObject({ stalled: true })
    },
    { timeout: stateMsMax },
  )
})
afterAll(() => sandbox.close())

/** Every page, and how to wait until it is complete. */
const pages: ReadonlyArray<readonly [string, string, (page: Page) => Promise<void>]> = [
  ["the overview", "#/", (page) => page.locator("svg.lifecycle").waitFor()],
  ["the loans", "#/loans", (page) => page.locator("tbody tr").first().waitFor()],
  ["no loan found", "#/loans?reference=none", (page) => page.locator(".empty").waitFor()],
  ["a loan paid out", "#/loans/page-1", (page) => page.locator(".timeline > li").first().waitFor()],
  [
    "a loan with a long name",
    `#/loans/${long}`,
    (page) => page.getByRole("heading", { name: long }).waitFor(),
  ],
  ["a loan held", "#/loans/held-1", (page) => page.locator(".held").first().waitFor()],
  ["a loan in dispute", "#/loans/disputed-1", openPreview],
  ["an unknown loan", "#/loans/unknown", (page) => page.locator(".empty").waitFor()],
  ["the disputes", "#/disputes", (page) => page.locator("tbody tr").first().waitFor()],
  ["the stalled", "#/stalled", (page) => page.locator("tbody tr").first().waitFor()],
  ["the dormant", "#/dormant", (page) => page.locator(".empty").waitFor()],
  ["the callbacks", "#/callbacks", (page) => page.locator(".counts").first().waitFor()],
]

/** Opens the preview of a ruling, and one entry of the timeline. */
async function openPreview(page: Page): Promise<void> {
  await page.locator("details summary").first().click()
  await page.locator("input[type=radio]").first().check()
  await page.locator(".ruling input:not([type=radio])").fill("Ada Desk")
  await page.locator(".ruling textarea").fill("By phone")
  await page.locator(".ruling button[type=submit]").click()
  await page.locator(".preview").waitFor()
}

/** All faults that axe-core finds in a page. */
async function faults(page: Page): Promise<unknown> {
  await page.evaluate(axe.source)
  const found = await page.evaluate<axe.AxeResults>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  )
  return found.violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]),
  }))
}

/** The width of the window, and how far the content goes beyond its edge. */
const beyondTheEdge = (page: Page) =>
  page.evaluate("[window.innerWidth, document.documentElement.scrollWidth - window.innerWidth]")

describe.each([1280, 390])("every page at a width of %i", (wide) => {
  it.each(["light", "dark"] as const)("is accessible in %s colours, by axe-core", async (colorScheme) => {
    const screen: Visit = { viewport: { width: wide, height: 800 }, colorScheme }
    const outside = await visit(engine, { ...screen, key: "" })
    await outside.getByLabel("API key").fill("wrong")
    await outside.getByRole("button", { name: "Sign in" }).click()
    await outside.getByRole("alert").waitFor()
    expect(await faults(outside), "the sign-in").toEqual([])
    const page = await visit(engine, screen)
    for (const [name, at, complete] of pages) {
      await go(page, at)
      await complete(page)
      expect(await faults(page), name).toEqual([])
    }
    const reader = await visit(engine, { ...screen, key: readerKey, at: "#/loans/disputed-1" })
    await reader.locator(".timeline > li").first().waitFor()
    expect(await faults(reader), "a dispute for a reader").toEqual([])
  })
})

describe.each(Object.entries({ en, sv, nb, da, fi }))("every page in %s", (language, words) => {
  it("has all texts in that language, and fits on screens of 360, 900 and 1200", async () => {
    const others = foreign(words)
    const page = await visit(engine, { locale: language === "nb" ? "no-NO" : language, viewport: small })
    await expect.poll(() => page.evaluate("document.documentElement.lang")).toBe(language)
    for (const [name, at, complete] of pages) {
      await go(page, at)
      await complete(page)
      for (const size of [small, middle, large]) {
        await page.setViewportSize(size)
        await expect
          .poll(() => beyondTheEdge(page), { message: `${name} at ${size.width}` })
          .toEqual([size.width, 0])
      }
      const shown = String(await page.evaluate("document.body.innerText"))
      expect(shown).not.toMatch(/undefined|\[object|NaN|Invalid/u)
      expect(
        others.filter((each) => shown.includes(each)),
        name,
      ).toEqual([])
    }
    await page.getByLabel(words.languageLabel).selectOption("sv")
    await page.getByRole("link", { name: sv.pages.overview }).waitFor()
    await expect.poll(() => page.evaluate("document.documentElement.lang")).toBe("sv")
  })
})

const small = { width: 360, height: 740 }
const middle = { width: 900, height: 700 }
const large = { width: 1200, height: 800 }

/** All texts of a language. */
const textsOf = (words: object): ReadonlyArray<string> =>
  Object.values(words).flatMap((value: unknown) => {
    if (typeof value === "string") return [value]
    return typeof value === "object" && value !== null ? textsOf(value) : []
  })

/**
 * English texts that are missing in the other language. Short texts are left out, because two languages can share
 * them.
 */
function foreign(words: typeof en): ReadonlyArray<string> {
  const own = textsOf(words).join("\n")
  return textsOf(en).filter((text) => text.length >= 9 && !own.includes(text))
}

describe("the catalogues", () => {
  it.each(Object.entries({ sv, nb, da, fi }))("have no English text in %s", (_, words) => {
    const alike = textsOf(words).filter((text, index) => text === textsOf(en)[index])
    const shared = new Set(["Loan engine", "Callbacks", "Callback", "Status", "Live", "Alarm", "Reference"])
    expect(alike.filter((text) => !shared.has(text))).toEqual([])
  })
})
