import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { event } from "../../doors/attack/genuine.ts"
import { openRaw, statusesOf } from "../../doors/attack/raw-connection.ts"
import { callbackAuthorization, startEngine } from "./engine-process.ts"
import type { EngineProcess } from "./engine-process.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-door-"))
let engine: EngineProcess
beforeAll(async () => {
  engine = await startEngine(join(directory, "door.sqlite"), { LOAN_ENGINE_STOP_DRAIN_MS: "1" })
})
afterAll(async () => {
  await engine.stop()
  rmSync(directory, { recursive: true })
})

interface Sent {
  readonly method?: string
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/**
 * Sends one request exactly as it is written, because an HTTP client would change it. The result is the status lines
 * of the answer.
 */
async function send({
  method = "POST",
  target,
  headers = {},
  body = "",
}: Sent): Promise<ReadonlyArray<number>> {
  const connection = await openRaw(engine.url)
  const lines = Object.entries({
    host: "engine",
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    ...headers,
  })
  connection.socket.write(
    `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  )
  connection.socket.write(body)
  return statusesOf(await connection.answer)
}

const json = { "content-type": "application/json", authorization: callbackAuthorization }
const forged = { ...json, authorization: "Basic d3Jvbmc=" }
const scheme = (written: string) => ({
  ...json,
  authorization: callbackAuthorization.replace("Basic", written),
})
const stageOf = async (reference: string) => (await engine.api("GET", `/v1/loans/${reference}`)).status

describe("the callback's door", () => {
  const callback = event("door-1", "SIGNED")
  const packed = gzipSync(callback)
  it.each<[string, Omit<Sent, "target">, string, ReadonlyArray<number>]>([
    ["a slash at the end", { body: callback }, "/callbacks/default/", [200]],
    ["a slash more at the beginning", { body: callback }, "//callbacks/default", [200]],
    ["a slash more between", { body: callback }, "/callbacks//default", [200]],
    ["a segment that says nothing", { body: callback }, "/./callbacks/default", [200]],
    ["a letter written by its number", { body: callback }, "/callbacks/d%65fault", [200]],
    ["a query", { body: callback }, "/callbacks/default/?from=bank", [200]],
    ["a whole URL as the target", { body: callback }, "http://engine/callbacks/default", [200]],
    ["a scheme in small letters", { body: callback, headers: scheme("basic") }, "/callbacks/default", [200]],
    ["a scheme in capitals", { body: callback, headers: scheme("BASIC") }, "/callbacks/default", [200]],
    ["blanks behind the scheme", { body: callback, headers: scheme("Basic  ") }, "/callbacks/default", [200]],
    [
      "another name of JSON",
      { body: callback, headers: { ...json, "content-type": "text/json; charset=utf8" } },
      "/callbacks/default",
      [200],
    ],
    [
      "a packed body",
      { body: packed, headers: { ...json, "content-encoding": "gzip" } },
      "/callbacks/default",
      [200],
    ],
    [
      "a sender that waits to be told to go on",
      { body: callback, headers: { ...json, expect: "100-continue" } },
      "/callbacks/default",
      [100, 200],
    ],
    [
      "a sender that waits, in other letters",
      { body: callback, headers: { ...json, expect: "100-Continue" } },
      "/callbacks/default",
      [100, 200],
    ],
  ])("takes %s", async (_name, sent, target, answered) => {
    expect(await send({ headers: json, ...sent, target })).toEqual(answered)
  })

  it.each([
    "/callbacks/default",
    "/callbacks/default/",
    "//callbacks//default",
    "http://engine/callbacks/default",
    "/callbacks/d%65fault",
  ])("also refuses requests without credentials by %s", async (target) => {
    const sent = { target, headers: forged, body: event("door-forged", "PAID_OUT") }
    expect(await send(sent)).toEqual([401])
    const gzipped = { ...sent, headers: { ...forged, "content-encoding": "gzip" }, body: gzipSync(sent.body) }
    expect(await send(gzipped)).toEqual([401])
    expect(await stageOf("door-forged")).toBe(404)
  })

  it("refuses a body that decompresses to more than the limit, and stores nothing of it", async () => {
    const body = gzipSync(event("door-bomb", "SIGNED") + " ".repeat(1_000_000))
    const headers = { ...json, "content-encoding": "gzip" }
    expect(await send({ target: "/callbacks/default", headers, body })).toEqual([413])
    expect(await stageOf("door-bomb")).toBe(404)
  })

  it.each(["GET", "HEAD", "OPTIONS"])("explains its URL when the method is %s", async (method) => {
    expect(await send({ method, target: "/callbacks/default/" })).toEqual([200])
  })
})

describe("every other route", () => {
  const key = { authorization: "Bearer test-api-key" }
  beforeAll(async () => {
    for (const reference of ["door-spelt", "door-semi;colon"])
      await engine.callback(event(reference, "SIGNED"))
  })
  it.each([
    ["/v1/loans", 200],
    ["/v1/loans/", 404],
    ["//v1/loans", 404],
    ["/v1//loans", 404],
    ["/v1/./loans", 404],
    ["/V1/loans", 404],
    ["/health/live", 200],
    ["/health/live/", 404],
    ["//health/live", 404],
    ["/openapi.json/", 404],
    ["/docs", 200],
    ["/docs/", 404],
    ["//console/", 404],
    ["/v1/loans//history", 404],
    ["/console", 308],
    ["/console//", 404],
    ["/metrics/", 404],
    ["/callbacks", 404],
    ["/callbacks/default/more", 404],
    ["/metrics", 200],
    ["/%6Detrics", 404],
    ["/metrics;x", 404],
    ["/metrics;", 404],
    ["/metrics#x", 404],
    ["/metrics%3Bx", 404],
    ["/%64ocs", 404],
    ["/docs;x", 404],
    ["/%2F/docs", 404],
    // The form of a request target for a proxy (RFC 9112, 3.2.2). Its path must be spelled correctly too.
    ["http://engine/metrics", 200],
    ["http://engine/%6Detrics", 404],
    ["http://engine//metrics", 404],
    ["/openapi%2Ejson", 404],
    ["/health/%6Cive", 404],
    ["/health/live?x=;", 200],
    ["/c%6Fnsole/", 404],
    ["/console/assets/%2e%2e", 404],
    ["/v%31/loans", 404],
    ["/v1/l%6Fans/A", 404],
    ["/v1/loans/door-spelt", 200],
    ["/v1/loans/d%6For-spelt", 200],
    ["/v1/loans/door-spelt/history", 200],
    ["/v1/loans/door-spelt/h%69story", 404],
    ["/v1/loans/door-spelt;x", 404],
    ["/v1/loans/door-spelt;x/history", 404],
    ["/v1/loans/door-spelt%3Bx", 404],
    ["/v1/loans/door-semi%3Bcolon", 200],
  ])("answers the spelling %s with %d", async (target, status) => {
    expect(await send({ method: "GET", target, headers: key })).toEqual([status])
  })
})

describe("for any request", () => {
  const bearer = { authorization: "Bearer test-api-key" }
  const requests: ReadonlyArray<readonly [string, string, number, string?]> = [
    ["GET", "/v1/loans/door-headers", 304, "if-none-match: *\r\n"],
    ["POST", "/v1/loans", 417, "expect: a-miracle\r\n"],
    ["GET", "/v1/changes?after=0", 200],
    ["GET", "/health/live", 200],
    ["GET", "/health/ready", 200],
    ["GET", "/metrics", 200],
    ["GET", "/openapi.json", 200],
    ["GET", "/docs", 200],
    ["GET", "/console/", 200],
    ["GET", "/console", 308],
    ["GET", "/v1/loans", 200],
    ["GET", "/v1/loans/nobody", 404],
    ["GET", "/nowhere", 404],
    ["GET", "//docs", 404],
    ["GET", "/%64ocs", 404],
    ["DELETE", "/v1/loans", 405],
    ["TRACE", "/v1/loans", 405],
    ["GET", "/callbacks/default", 405],
    ["HEAD", "/callbacks/nobody", 405],
    ["POST", "/callbacks/nobody", 404],
    ["POST", "/callbacks/default", 401],
  ]
  it.for(requests)(
    "the answer to %s %s (%d) has the security headers",
    async ([method, target, status, more = ""]) => {
      expect((await engine.callback(event("door-headers", "SIGNED"))).status).toBe(200)
      const connection = await openRaw(engine.url)
      const headers = `host: engine\r\nauthorization: ${bearer.authorization}\r\nconnection: close\r\n${more}`
      connection.socket.write(`${method} ${target} HTTP/1.1\r\n${headers}content-length: 0\r\n\r\n`)
      // A stream has no end of its own. Its head comes with its first event.
      if (target.startsWith("/v1/changes")) connection.socket.once("data", () => connection.socket.destroy())
      const answer = (await connection.answer).toLowerCase()
      expect(statusesOf(answer.replace("http/1.1", "HTTP/1.1"))).toEqual([status])
      for (const header of [
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
        "referrer-policy: no-referrer",
      ])
        expect(answer).toContain(`\r\n${header}\r\n`)
      expect(answer).toMatch(/\r\ncontent-security-policy: [^\r]*frame-ancestors 'none'/u)
      if (target !== "/console/") expect(answer).toMatch(/\r\ncache-control: no-store\r\n/u)
    },
  )

  it.each(["/health/live", "/callbacks/default", "/v1/loans"])(
    "two hosts are refused at %s",
    async (target) => {
      for (const hosts of ["host: engine\r\nHost: other", "host: engine\r\nhost: engine"]) {
        const connection = await openRaw(engine.url)
        connection.socket.write(
          `GET ${target} HTTP/1.1\r\n${hosts}\r\nauthorization: ${bearer.authorization}\r\n\r\n`,
        )
        expect(statusesOf(await connection.answer)).toEqual([400])
      }
    },
  )
})
