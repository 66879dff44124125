import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import axe from "axe-core"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildSite } from "../../../scripts/site.ts"
import { inCheckout } from "../../checkout.ts"
import { launchChromium } from "./chromium.ts"

const directory = mkdtempSync(join(tmpdir(), "site-"))
let browser: Browser
beforeAll(async () => {
  buildSite(directory)
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  rmSync(directory, { recursive: true })
})

const pages = (): ReadonlyArray<string> => globSync("**/*.html", { cwd: directory })
const text = (path: string): string => readFileSync(join(directory, path), "utf8")

describe("the documentation as a site", () => {
  it("has every page of the documentation", () => {
    const sources = globSync(["docs/*.md", "docs/decisions/*.md"], { cwd: inCheckout(".") })
    expect(sources.length).toBeGreaterThan(30)
    expect(
      sources.map((path) => path.replace(/\.md$/u, ".html")).filter((path) => !pages().includes(path)),
    ).toEqual([])
  })

  it("has no link to a page, a part of a page or a file that is not there", () => {
    const broken = pages().flatMap((page) =>
      [...text(page).matchAll(/href="(?<href>[^"]+)"/gu)].flatMap(({ groups }) => {
        const href = groups?.["href"] ?? ""
        if (/^(?:https?|urn):/u.test(href)) return []
        const url = new URL(href, pathToFileURL(join(directory, page)))
        const path = fileURLToPath(new URL(url.pathname, "file:"))
        const anchor = decodeURIComponent(url.hash.slice(1))
        const isThere =
          existsSync(path) && (anchor === "" || readFileSync(path, "utf8").includes(`id="${anchor}"`))
        return isThere ? [] : [`${page}: ${href}`]
      }),
    )
    expect(broken).toEqual([])
  })

  it("is opened from files, and finds in the browser what one looks for", async () => {
    const page = await browser.newPage()
    const failed: Array<string> = []
    page.on("pageerror", (error) => failed.push(error.message))
    page.on("requestfailed", (request) => failed.push(request.url()))
    await page.goto(
      pathToFileURL(join(directory, "docs/decisions/0001-facts-join-the-machine-walks.html")).href,
    )
    await page.getByRole("searchbox").fill("callbackCredentials rotate")
    await page.locator("#found a").first().click()
    await page.waitForURL(/configuration\.html|operating\.html|security\.html/u)
    await expect.poll(() => page.locator("h1").textContent()).not.toBe("")
    await page.getByRole("searchbox").fill("glossary")
    await page.locator("#found a", { hasText: /^Glossary$/u }).click()
    await page.waitForURL(/docs\/glossary\.html/u)
    expect(failed).toEqual([])
  })

  it("can be read with a screen reader and on a narrow screen", async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 640 } })
    await page.goto(pathToFileURL(join(directory, "docs/operating.html")).href)
    await page.evaluate(axe.source)
    const { violations } = await page.evaluate<axe.AxeResults>("axe.run()")
    expect(violations.map(({ id }) => id)).toEqual([])
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360)
  })
})
