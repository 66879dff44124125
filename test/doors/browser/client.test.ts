import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { rolldown } from "rolldown"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiKey, freePort, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { launchChromium } from "./chromium.ts"

const frameworks = ["react", "vue", "svelte", "angular"] as const
const directory = mkdtempSync(join(tmpdir(), "client-"))
const scripts = new Map<string, string>()

const pages = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://pages")
  const script = scripts.get(pathname)
  if (script !== undefined)
    response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script)
  else if (pathname === "/favicon.ico") response.writeHead(204).end()
  else {
    const name = pathname.slice(1)
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" })
    response.end(
      `<!doctype html><title>${name}</title><div id="root"></div><script src="/${name}.js"></script>`,
    )
  }
})

let browser: Browser
let origin: string
let enginePort: number
let engine: EngineProcess

const start = (): Promise<EngineProcess> =>
  startEngine(
    join(directory, "loans.sqlite"),
    { LOAN_ENGINE_CORS_ORIGINS: origin, LOAN_ENGINE_STOP_DRAIN_MS: "1" },
    enginePort,
  )

async function bundled(name: string): Promise<string> {
  const input = fileURLToPath(new URL(`pages/${name}.ts`, import.meta.url))
  const bundle = await rolldown({
    input,
    platform: "browser",
    logLevel: "silent",
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
  })
  const { output } = await bundle.generate({ format: "iife", codeSplitting: false })
  await bundle.close()
  return output[0].code
}

beforeAll(async () => {
  pages.listen(0, "127.0.0.1")
  await once(pages, "listening")
  const address = pages.address()
  origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  for (const name of frameworks) scripts.set(`/${name}.js`, await bundled(name))
  enginePort = await freePort()
  engine = await start()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await engine.stop()
  pages.close()
  pages.closeAllConnections()
  rmSync(directory, { recursive: true, force: true })
})

const register = (reference: string) =>
  engine.api("POST", "/v1/loans", JSON.stringify({ applicationReference: reference, decision: "APPROVED" }))
const say = (applicationReference: string, applicationEventType: string) =>
  engine.callback(
    JSON.stringify({
      externalApplicationEvent: { applicationReference, applicationEventType, signingMethod: "E_SIGN" },
    }),
  )

async function opened(framework: string, reference: string): Promise<{ page: Page; errors: Array<string> }> {
  const page = await browser.newPage()
  const errors: Array<string> = []
  page.on("pageerror", (error) => errors.push(error.message))
  const query = new URLSearchParams({ engine: engine.url, key: apiKey, loan: reference })
  await page.goto(`${origin}/${framework}?${query.toString()}`)
  return { page, errors }
}

const shows = async (page: Page, text: string): Promise<void> => {
  await page.locator("#loan", { hasText: text }).waitFor()
  await expect.poll(() => page.locator("#loan").textContent()).toBe(text)
}

describe.each(frameworks)("the client in a page of another origin, under %s", (framework) => {
  it("shows a loan's changes, and continues by itself after the engine was killed and started again", async () => {
    const reference = `${framework}-1`
    expect((await register(reference)).status).toBe(201)
    const { page, errors } = await opened(framework, reference)
    await shows(page, "live approved")
    expect((await say(reference, "SIGNED")).status).toBe(200)
    await shows(page, "live signed")
    await engine.kill()
    await shows(page, "reconnecting signed")
    engine = await start()
    expect((await say(reference, "PAID_OUT")).status).toBe(200)
    await shows(page, "live paidOut")
    expect(errors).toEqual([])
    await page.close()
  })
})

describe("a page whose key the engine does not know", () => {
  it("is refused, and shows this", async () => {
    const page = await browser.newPage()
    const query = new URLSearchParams({ engine: engine.url, key: "wrong", loan: "react-1" })
    await page.goto(`${origin}/react?${query.toString()}`)
    await shows(page, "refused unknown")
    await page.close()
  })
})
