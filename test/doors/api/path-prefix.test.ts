import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openLoanEngine } from "@loan-engine/app"
import { loanClient } from "@loan-engine/app/client"
import { belowPrefix, withPrefix } from "@loan-engine/app/base/path-prefix"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { apiKey, callbackAuthorization, startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { runCli } from "../cli/run-cli.ts"
import { event } from "./api-call.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-prefix-"))
const environment = { LOAN_ENGINE_STOP_DRAIN_MS: "1", LOAN_ENGINE_PATH_PREFIX: "/bank/loans" }
let engine: EngineProcess
beforeAll(async () => {
  engine = await startEngine(join(directory, "loans.sqlite"), environment)
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

const registration =
  "<submitApplicationExtResponse><submitApplicationExtResult><applicationReference>prefixed</applicationReference>" +
  "<decision>MANUAL_INSPECTION</decision></submitApplicationExtResult></submitApplicationExtResponse>"

const callback = (path: string, reference: string) =>
  fetch(`${engine.url}${path}`, {
    method: "POST",
    headers: { authorization: callbackAuthorization, "content-type": "application/json" },
    body: event(reference, "SIGNED"),
  })

describe("an engine below a path", () => {
  it.each([
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/console/",
    "/v1/loans",
    "/v1/key",
  ])("serves %s there, and nowhere else", async (path) => {
    const there = await engine.api("GET", `/bank/loans${path}`)
    expect([there.status, (await there.text()).length > 0]).toEqual([200, true])
    for (const elsewhere of [
      path,
      `/bank${path}`,
      `/bank/loans/bank/loans${path}`,
      `//bank/loans${path}`,
      `/bank/loans/${path}`,
    ]) {
      const answer = await engine.api("GET", elsewhere)
      expect([elsewhere, answer.status]).toEqual([elsewhere, 404])
      expect(await answer.json()).toMatchObject({ code: "route-unknown" })
    }
  })

  it.each(["/bank/loans/callbacks/default", "//bank/loans//callbacks/default/?a=b"])(
    "accepts a callback at %s",
    async (path) => {
      expect((await callback(path, "called")).status).toBe(200)
    },
  )

  it.each(["/callbacks/default", "/bank/callbacks/default", "/bank/loanscallbacks/default"])(
    "accepts no callback at %s",
    async (path) => {
      expect((await callback(path, "not-called")).status).toBe(404)
    },
  )

  it("names its own paths with the prefix: Location, Link, the description, and the console", async () => {
    for (const type of ["SIGNED", "PAID_OUT"]) {
      await fetch(`${engine.url}/bank/loans/callbacks/default`, {
        method: "POST",
        headers: { authorization: callbackAuthorization, "content-type": "application/json" },
        body: event("linked", type),
      })
    }
    const page = await engine.api("GET", "/bank/loans/v1/loans/linked/history?limit=1")
    expect(page.headers.get("link")).toBe('</bank/loans/v1/loans/linked/history?after=1&limit=1>; rel="next"')
    const registered = await engine.api("POST", "/bank/loans/v1/loans", registration, "application/xml")
    expect([registered.status, registered.headers.get("location")]).toEqual([
      201,
      "/bank/loans/v1/loans/prefixed",
    ])
    const described = (await (await engine.api("GET", "/bank/loans/openapi.json")).json()) as object
    expect(described).toMatchObject({ servers: [{ url: "/bank/loans" }] })
    expect(await (await engine.api("GET", "/bank/loans/docs")).text()).toContain(
      '"servers":[{"url":"/bank/loans"}]',
    )
    const console = await fetch(`${engine.url}/bank/loans/console`)
    expect([console.status, console.url]).toEqual([200, `${engine.url}/bank/loans/console/`])
    expect(await console.text()).toContain("<html")
  })

  it("is read by the client below that path, its stream of changes too", async () => {
    await callback("/bank/loans/callbacks/default", "followed")
    const client = loanClient({ baseUrl: `${engine.url}/bank/loans`, apiKey })
    expect(await client.loan("followed")).toMatchObject({ stage: "signed" })
    const changes = client.watchChanges()
    const end = changes.subscribe(() => undefined)
    await expect.poll(() => changes.getSnapshot().status).toBe("live")
    await callback("/bank/loans/callbacks/default", "followed-live")
    await expect.poll(() => JSON.stringify(changes.getSnapshot())).toContain("followed-live")
    end()
  })

  it("prints its address with the path, and doctor finds it there", async () => {
    expect(engine.written()).toContain(`listens on ${engine.url}/bank/loans,`)
    const { out } = await runCli(["doctor", "--json"], {
      ...environment,
      LOAN_ENGINE_PORT: new URL(engine.url).port,
      LOAN_ENGINE_DATABASE_URL: join(directory, "loans.sqlite"),
    })
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ name: "engine", state: "ok" }))
  })
})

it("an embedded engine serves a framework's requests below that path, and its own calls", async () => {
  await using embedded = await openLoanEngine({
    databaseUrl: join(directory, "embedded.sqlite"),
    pathPrefix: "/loans",
    callbackAuthMethod: "BASIC",
    callbackCredentials: ["YmFuazpzZWNyZXQ="],
  })
  const ask = (path: string, init?: RequestInit) =>
    embedded.fetch(new Request(`https://shop.example${path}`, init))
  const sent = {
    method: "POST",
    headers: { authorization: "Basic YmFuazpzZWNyZXQ=", "content-type": "application/json" },
    body: event("embedded", "SIGNED"),
  }
  expect((await ask("/loans/callbacks/default", sent)).status).toBe(200)
  expect((await ask("/callbacks/default", sent)).status).toBe(404)
  expect((await ask("/loans/health/ready")).status).toBe(200)
  expect((await ask("/health/ready")).status).toBe(404)
  expect(await embedded.loan("embedded")).toMatchObject({ stage: "signed" })
})

describe("a path prefix", () => {
  it.each(["loans", "/loans/", "/", "/a b", "/../b", "/a//b", "/a?b", "/%6c"])(
    "is not %s",
    async (prefix) => {
      const { code, err } = await runCli(["config"], { LOAN_ENGINE_PATH_PREFIX: prefix })
      expect(code).toBe(2)
      expect(err).toContain("LOAN_ENGINE_PATH_PREFIX must be a path such as /loans")
    },
  )

  it.each([
    ["/loans/v1?a=/loans/", "/v1?a=/loans/"],
    ["http://host:1/loans/v1", "http://host:1/v1"],
    ["/loans", undefined],
    ["/loansv1", undefined],
    ["/Loans/v1", undefined],
    ["http://loans/v1", undefined],
  ])("removed from %s leaves %s", (target, left) => {
    expect(belowPrefix("/loans")(target)).toBe(left)
  })

  it("is not added to headers that name another place", () => {
    expect(withPrefix("/loans", { location: "console/", link: undefined })).toEqual({})
  })
})
