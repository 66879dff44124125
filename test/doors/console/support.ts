import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { afterAll, beforeAll, expect, onTestFinished } from "vitest"
import { stateMsMax } from "../../patience.ts"
import { ensureConsole } from "../../../packages/app/console/build.ts"
import { decision, event } from "../api/api-call.ts"
import { launchChromium } from "../browser/chromium.ts"
import { apiKey, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

export const readerKey = "reader-key-of-the-console"
export const registrarKey = "registrar-key-of-the-console"
const digest = (key: string): string => createHash("sha256").update(key).digest("hex")

const keys = {
  LOAN_ENGINE_API_KEYS: `desk:read:${digest(readerKey)},shop:register:${digest(registrarKey)}`,
  LOAN_ENGINE_STOP_DRAIN_MS: "1",
}

/** Gives a test file its browser, its folder, and engines in this folder. */
export function useConsole() {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-console-"))
  const engines: Array<EngineProcess> = []
  let browser: Browser
  beforeAll(async () => {
    await ensureConsole()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser.close()
    for (const engine of engines) await engine.kill()
    rmSync(directory, { recursive: true })
  })
  return {
    directory,
    start: async (name: string, environment: Readonly<Record<string, string>> = {}, port?: number) => {
      const engine = await startEngine(join(directory, `${name}.sqlite`), { ...keys, ...environment }, port)
      engines.push(engine)
      return engine
    },
    newPage: () => pageOf(browser, {}),
    visit: async (engine: EngineProcess, { key = apiKey, at = "", below = "", ...options }: Visit = {}) => {
      const page = await pageOf(browser, options)
      await page.goto(`${engine.url}${below}/console${key === "" ? "" : `#key=${key}`}`)
      if (key !== "") await page.getByRole("navigation").waitFor()
      if (at !== "") await go(page, at)
      return page
    },
  }
}

export interface Visit extends BrowserContextOptions {
  /** The key in the address. `""` if the address has no key. */
  readonly key?: string
  /** The first page, as the address has it after `#`. */
  readonly at?: string
  /** The path under which the engine is served. */
  readonly below?: string
}

/** Goes to another page of the console, as a click on a link would. */
export const go = (page: Page, at: string): Promise<unknown> =>
  page.evaluate(`window.location.hash = ${JSON.stringify(at)}`)

/**
 * The browser's own log line about a refused or lost request. The console shows such a failure, and the tests check
 * that.
 */
const isOfRequest = (text: string): boolean => text.startsWith("Failed to load resource:")

/** A page in which an error, a warning or a breach of the content security policy makes the test fail. */
async function pageOf(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
    timezoneId: "Europe/Stockholm",
    reducedMotion: "reduce",
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(stateMsMax)
  page.setDefaultNavigationTimeout(stateMsMax)
  const wrong: Array<string> = []
  page.on("console", (message) => {
    const isWrong = message.type() === "error" || message.type() === "warning"
    if (isWrong && !isOfRequest(message.text())) wrong.push(message.text())
  })
  page.on("pageerror", (error) => wrong.push(String(error)))
  page.on("dialog", (dialog) => wrong.push(`a dialog: ${dialog.message()}`))
  onTestFinished(async () => {
    await context.close()
    expect(wrong).toEqual([])
  })
  return page
}

/** The addresses that a page requests. */
export function watched(page: Page): ReadonlyArray<string> {
  const seen: Array<string> = []
  page.on("request", (request) => seen.push(request.url()))
  return seen
}

/** Waits until the page shows a text. */
export const says = (page: Page, text: string | RegExp): Promise<void> =>
  page.getByText(text).first().waitFor()

/** The stage next to a loan's name on its page. */
export const standing = (page: Page) => page.locator(".standing .badge").first()

export const approved = (reference: string): string =>
  event(reference, "CREDIT_DECISION_UPDATED", {
    creditDecision: {
      creditDecision: "APPROVED",
      approvedAmount: 123_456.7,
      interest: 7.95,
      tenor: 120,
      monthlyCost: 1_500,
    },
  })

/** The bank approves a loan, and then rejects it. */
export async function contradict(engine: EngineProcess, reference: string): Promise<void> {
  for (const body of [approved(reference), decision(reference, "REJECTED")]) {
    expect((await engine.callback(body)).status).toBe(200)
  }
}
