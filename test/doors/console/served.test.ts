import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { consoleRoutes } from "@loan-engine/app/api/console-routes"
import { HttpRouter } from "effect/http"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ensureConsole } from "../../../packages/app/console/build.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-served-"))
const quick = { LOAN_ENGINE_STOP_DRAIN_MS: "1" }
let engine: EngineProcess

beforeAll(async () => {
  await ensureConsole()
  engine = await startEngine(join(directory, "served.sqlite"), quick)
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

const get = (path: string, init: RequestInit = {}) =>
  fetch(`${engine.url}${path}`, { redirect: "manual", ...init })

describe("the console's files", () => {
  it("are a page that is requested again each time, under a policy that allows only its own files", async () => {
    const page = await get("/console/")
    expect(page.status).toBe(200)
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8")
    expect(page.headers.get("cache-control")).toBe("no-cache")
    const policy = new Map(
      (page.headers.get("content-security-policy") ?? "")
        .split("; ")
        .map((each) => each.split(/ (.*)/u) as [string, string]),
    )
    expect(Object.fromEntries(policy)).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self'",
      "font-src": "'self'",
      "connect-src": "'self'",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
    })
    expect(page.headers.get("x-content-type-options")).toBe("nosniff")
    expect(page.headers.get("referrer-policy")).toBe("no-referrer")
    expect(await page.text()).not.toMatch(/<script(?![^>]* src=)|<style|\son[a-z]+=|https?:\/\//u)
  })

  it("are unchangeable assets, each with its type, and compressed in transit", async () => {
    const page = await (await get("/console/")).text()
    const assets = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/gu)].map(([, path]) => path ?? "")
    const types = new Map([
      ["js", "text/javascript; charset=utf-8"],
      ["css", "text/css; charset=utf-8"],
      ["svg", "image/svg+xml"],
    ])
    expect(new Set(assets.map((path) => path.split(".").at(-1)))).toEqual(new Set(types.keys()))
    for (const path of assets) {
      const plain = await get(`/console/${path}`, { headers: { "accept-encoding": "identity" } })
      const packed = await get(`/console/${path}`, { headers: { "accept-encoding": "gzip" } })
      expect(plain.headers.get("content-type")).toBe(types.get(path.split(".").at(-1) ?? ""))
      expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable")
      expect([plain.headers.get("content-encoding"), packed.headers.get("content-encoding")]).toEqual([
        null,
        "gzip",
      ])
      expect(await packed.text()).toBe(await plain.text())
    }
  })

  it("are found from the path without a slash, under any path of the engine", async () => {
    const answer = await get("/console")
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "console/"])
  })

  it.each([
    "/console/assets/none.js",
    "/console/assets/..%2Findex.html",
    "/console/assets/..%2f..%2f..%2fpackage.json",
    "/console/assets/%2e%2e/index.html",
    "/console/index.html",
    "/console/assets/",
  ])("do not include %s", async (path) => {
    const answer = await get(path)
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "route-unknown" }])
  })

  it("take no other method", async () => {
    const answer = await get("/console/", { method: "POST" })
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"])
    expect((await get("/console/", { method: "HEAD" })).status).toBe(200)
  })

  it("are not served when the console is switched off", async () => {
    const without = await startEngine(join(directory, "off.sqlite"), {
      ...quick,
      LOAN_ENGINE_CONSOLE: "false",
    })
    const answer = await fetch(`${without.url}/console/`)
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "route-unknown" }])
    await without.stop()
  })
})

describe("a console that was not built", () => {
  it("says what to run, and is served after it was built", async () => {
    const built = join(directory, "built")
    const { handler, dispose } = HttpRouter.toWebHandler(consoleRoutes(true, pathToFileURL(`${built}/`)), {
      disableLogger: true,
    })
    const ask = () => handler(new Request("http://127.0.0.1/console/"))
    const missing = await ask()
    expect(missing.status).toBe(503)
    expect(await missing.json()).toMatchObject({
      code: "console-unbuilt",
      detail: expect.stringContaining("npx -y pnpm@12 console"),
    })
    mkdirSync(join(built, "assets"), { recursive: true })
    writeFileSync(join(built, "index.html"), "<!doctype html>")
    expect((await ask()).status).toBe(200)
    await dispose()
  })
})
