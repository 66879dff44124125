import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, describe, expect, test } from "vitest"
import { acceptEncoding } from "../../src/callback/answer.ts"
import { callbackReceiverLimitsDefault } from "../../src/callback/receiver.ts"
import { handleCallback } from "../../src/callback/web.ts"
import { jwksLimitsDefault } from "../../src/signature/jwks.ts"
import { bytesOf, makeKey, run, sign } from "../support.ts"
import type { TestKey } from "../support.ts"
import { ask, body, credentials, signedEvent, start, unsigned, verifying } from "./receiver-support.ts"

const { callbackBytesMax } = callbackReceiverLimitsDefault

/** Compressed and uncompressed bodies, with every `content-encoding`. */
const packers: ReadonlyArray<[string, (bytes: Uint8Array) => Uint8Array]> = [
  ["gzip", gzipSync],
  ["GZIP", gzipSync],
  ["x-gzip", gzipSync],
  ["identity, gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["identity", (bytes) => bytes],
  ["none", (bytes) => bytes],
  ["utf-8", (bytes) => bytes],
  // A proxy may compress or decompress a body and leave the header unchanged.
  ["gzip", (bytes) => bytes],
  ["br", (bytes) => bytes],
  ["identity", gzipSync],
  ["", (bytes) => bytes],
]

const latin = (text: string): Uint8Array => Buffer.from(text, "latin1")
const withName = JSON.stringify({
  externalApplicationEvent: { ...signedEvent, applicationReference: "Åre-1" },
})

describe("a callback's content type", () => {
  test.each([
    [undefined],
    ["application/json"],
    ["text/json"],
    ["application/x-json"],
    ["APPLICATION/JSON;charset=UTF-8"],
    ["application/vnd.resurs.callback+json"],
    ["text/vnd.x+json"],
    ["text/plain"],
    ["application/octet-stream"],
    ['application/json; charset="utf-8"; version=1'],
    ["application/json; charset='utf-8'"],
    ["application/json;charset=utf8"],
    ["application/json;charset=UTF_8"],
    ["application/json; charset = unicode-1-1-utf-8"],
    ["application/json;charset=US-ASCII"],
    ["application/json;charset=ISO-8859-1"],
    ["application/json;charset="],
    ["application/json; charset=ebcdic"],
    ["application/json; charset=utf-8; charset=utf-16le"],
    ["application/x-www-form-urlencoded"],
    ["application/json,application/json"],
    ["json"],
    ["binary/octet-stream"],
    ["text/html"],
    ["text/javascript"],
    ["application/json-patch"],
    ["application/json;"],
    ["; charset=utf-8"],
  ])("%j is taken", (contentType) =>
    run(
      Effect.gen(function* () {
        const { receiver, seen } = yield* start({ credentials })
        const request = new Request("http://engine.example/se", {
          method: "POST",
          headers: { authorization: "basic dXNlcjpwYXNz" },
          body: Buffer.from(bytesOf(withName)),
        })
        if (contentType === undefined) request.headers.delete("content-type")
        else request.headers.set("content-type", contentType)
        expect((yield* ask(() => handleCallback(receiver, "se", request))).status).toBe(200)
        expect(seen).toMatchObject([{ applicationReference: "Åre-1", evidence: "credentials" }])
      }),
    ),
  )

  test.each([
    ["latin1", latin(withName)],
    ["windows-1252", latin(withName)],
    ["iso-8859-15", latin(withName)],
    ["utf-16", Buffer.from(withName, "utf16le")],
    ["utf-16le", Buffer.from(withName, "utf16le")],
    ["utf-16be", Buffer.from(withName, "utf16le").swap16()],
    ["utf-16", Buffer.from(`\uFEFF${withName}`, "utf16le")],
    ["utf-16", Buffer.from(`\uFEFF${withName}`, "utf16le").swap16()],
    ["utf-16", Buffer.from(withName, "utf16le").swap16()],
    ["utf-16le", Buffer.from(withName, "utf16le").swap16()],
    ["utf-16", bytesOf(withName)],
    ["utf-16be", bytesOf(`\uFEFF${withName}`)],
    ["latin1", Buffer.from(withName, "utf16le")],
    ["utf-8", Buffer.from(`\uFEFF${withName}`, "utf16le").swap16()],
    ['utf-8; x="; charset=utf-16"', bytesOf(withName)],
  ])(
    "a body in %s is read in the encoding that its bytes show, or else in the declared one",
    (charset, sent) =>
      run(
        Effect.gen(function* () {
          const { post, seen } = yield* start({ credentials })
          const answer = yield* ask(() =>
            post(sent, { "content-type": `application/json; charset=${charset}` }),
          )
          expect([answer.status, seen.map((each) => each.applicationReference)]).toEqual([200, ["Åre-1"]])
        }),
      ),
  )

  test.each([
    "text/xml",
    "multipart/form-data; boundary=x",
    "application/soap+xml; charset=utf-8",
    "image/png",
    "application/pdf",
  ])("%s is refused, and the answer names the accepted types", (contentType) =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ credentials })
        const answer = yield* ask(() => post(unsigned, { "content-type": contentType }))
        expect([answer.status, answer.body["code"], seen]).toEqual([415, "media-type-unsupported", []])
        expect(answer.headers.get("accept-post")).toBe("application/json")
      }),
    ),
  )
})

describe("a compressed body", () => {
  test.each(packers)("in %j is decompressed", (coding, pack) =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ credentials })
        const answer = yield* ask(() => post(pack(bytesOf(unsigned)), { "content-encoding": coding }))
        expect([answer.status, seen.length]).toEqual([200, 1])
      }),
    ),
  )

  test("is accepted in each coding that a refusal names", () => {
    const taken = new Set(packers.map(([coding]) => coding))
    expect(acceptEncoding.split(", ").filter((coding) => !taken.has(coding))).toEqual([])
  })

  test("is stored in its decompressed form", () =>
    run(
      Effect.gen(function* () {
        const raws: Array<Uint8Array> = []
        const { post } = yield* start({ credentials }, (_observation, raw) =>
          Effect.sync(() => {
            raws.push(raw)
            return { disposition: "advanced" }
          }),
        )
        yield* ask(() => post(gzipSync(unsigned), { "content-encoding": "gzip" }))
        expect(Buffer.concat(raws).toString()).toBe(unsigned)
      }),
    ))

  const bomb = bytesOf(unsigned + " ".repeat(callbackBytesMax + 1 - unsigned.length))
  test.each(packers.filter(([coding]) => coding !== ""))(
    "in %s that decompresses to more than the limit is answered 413",
    (coding, pack) =>
      run(
        Effect.gen(function* () {
          const { post, seen } = yield* start({ credentials })
          const fits = yield* ask(() => post(pack(bomb.subarray(0, -1)), { "content-encoding": coding }))
          const answer = yield* ask(() => post(pack(bomb), { "content-encoding": coding }))
          expect([fits.status, answer.status, answer.body["code"]]).toEqual([200, 413, "body-too-large"])
          expect(seen).toHaveLength(1)
        }),
      ),
  )

  test.each([
    ["that is no gzip", bytesOf(`x${unsigned}`), "gzip", 400, "encoding-invalid"],
    ["that ends early", gzipSync(unsigned).subarray(0, 30), "gzip", 400, "encoding-invalid"],
    ["that is no brotli", bytesOf(`x${unsigned}`), "br", 400, "encoding-invalid"],
    ["that is no deflate", bytesOf(`x${unsigned}`), "deflate", 400, "encoding-invalid"],
    ["that is packed twice", gzipSync(gzipSync(unsigned)), "gzip, gzip", 415, "media-type-unsupported"],
    ["of a coding that we do not read", gzipSync(unsigned), "compress", 415, "media-type-unsupported"],
  ])("%s is refused", (_title, sent, coding, status, code) =>
    run(
      Effect.gen(function* () {
        const { post, seen, receiver } = yield* start({ credentials })
        const answer = yield* ask(() => post(sent, { "content-encoding": coding }))
        expect([answer.status, answer.body["code"], seen]).toEqual([status, code, []])
        expect(receiver.rejections.recent()).toMatchObject([{ code }])
      }),
    ),
  )

  test("is not decompressed for a sender without the credentials", () =>
    run(
      Effect.gen(function* () {
        const { post } = yield* start({ credentials })
        const headers = { "content-encoding": "gzip", authorization: "Basic d3Jvbmc=" }
        expect((yield* ask(() => post(gzipSync(bomb), headers))).status).toBe(401)
      }),
    ))
})

describe("a forged callback", () => {
  let bank: TestKey
  let forger: TestKey
  beforeAll(async () => {
    bank = await makeKey("bank")
    forger = await makeKey("bank")
  })

  test.each(packers)("is refused when it is compressed in %j", (coding, pack) =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(bank)
        const { post, seen } = yield* start({ jws })
        const forged = body(yield* ask(() => sign(forger, { externalApplicationEvent: signedEvent })))
        const genuine = body(yield* ask(() => sign(bank, { externalApplicationEvent: signedEvent })))
        const send = (text: string, contentType: string) =>
          ask(() => post(pack(bytesOf(text)), { "content-encoding": coding, "content-type": contentType }))
        for (const contentType of ["text/json", "text/plain", "application/json;charset=latin1"]) {
          yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
          expect((yield* send(forged, contentType)).status).toBe(401)
        }
        expect(seen).toEqual([])
        expect((yield* send(genuine, "text/json")).status).toBe(200)
      }),
    ),
  )
})

describe("a probe", () => {
  test.each(["GET", "HEAD", "OPTIONS"])(
    "by %s gets an answer that explains the URL, and does not count as a refusal",
    (method) =>
      run(
        Effect.gen(function* () {
          const { url, seen, receiver } = yield* start({ credentials })
          const response = yield* ask(() => fetch(`${url}/se`, { method }))
          const text = yield* ask(() => response.text())
          expect([response.status, response.headers.get("allow")]).toEqual([200, "POST"])
          expect(response.headers.get("accept-post")).toBe("application/json")
          if (method !== "HEAD") expect(text).toContain("The bank delivers its callbacks here")
          expect([seen, receiver.rejections.recent()]).toEqual([[], []])
        }),
      ),
  )

  test("of an account that does not exist is refused", () =>
    run(
      Effect.gen(function* () {
        const { url } = yield* start({ credentials })
        expect((yield* ask(() => fetch(`${url}/no`))).status).toBe(405)
      }),
    ))

  test.each([
    ["the credentials", { authorization: "Basic dXNlcjpwYXNz" }],
    ["a content type", { "content-type": "application/json" }],
  ])("with %s may be a redirected callback, so it is not acknowledged", (_title, headers) =>
    run(
      Effect.gen(function* () {
        const { url, receiver } = yield* start({ credentials })
        const response = yield* ask(() => fetch(`${url}/se`, { headers }))
        expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"])
        expect(receiver.rejections.recent()).toMatchObject([{ code: "method-not-allowed" }])
      }),
    ),
  )
})
