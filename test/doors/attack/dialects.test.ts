import { jsonDepthMax } from "@loan-engine/adapters-http/message/json"
import { makeCallbackReceiver } from "@loan-engine/adapters-http/callback/receiver"
import { callbackRequestLimitsDefault } from "@loan-engine/adapters-http/callback/request"
import { handleCallback } from "@loan-engine/adapters-http/callback/web"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import { composed } from "@loan-engine/app/sandbox/dialects/dialect"
import type { Spoken } from "@loan-engine/app/sandbox/dialects/dialect"
import { dialects } from "@loan-engine/app/sandbox/dialects/speaking"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect, Redacted } from "effect"
import fc from "fast-check"
import { CompactSign, exportJWK, generateKeyPair } from "jose"
import type { CryptoKey } from "jose"
import { beforeAll, describe, expect, it } from "vitest"
import { callbackEvent, callbackOf, selections } from "../../proof/dialects/messages.ts"
import { propertyRuns } from "../../proof/properties/settings.ts"
import { decoders } from "./decoders.ts"
import { reshapedJson, reshapedXml } from "./hostile.ts"

const authorization = "Basic dXNlcjpwYXNz"
const encode = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

let genuine: CryptoKey
let foreign: CryptoKey
let jwks: Uint8Array
beforeAll(async () => {
  const pair = await generateKeyPair("RS256")
  genuine = pair.privateKey
  foreign = (await generateKeyPair("RS256")).privateKey
  jwks = encode({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "key-1", use: "sig", alg: "RS256" }] })
})

const sign = (event: object, key: CryptoKey): Promise<string> =>
  new CompactSign(encode({ iss: "bank", externalApplicationEvent: event }))
    .setProtectedHeader({ alg: "RS256", kid: "key-1" })
    .sign(key)

/** The real receiver's answer to a message, and what it records. */
const receive = (message: Spoken, credentials = authorization) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const seen: Array<Observation> = []
        const exchange: Exchange = () => Effect.succeed({ status: 200, headers: {}, body: jwks })
        const keys = yield* makeJwks({ url: "https://bank.example/jwks", exchange })
        const receiver = yield* makeCallbackReceiver({
          accounts: {
            se: {
              credentials: [{ method: "BASIC", credentials: Redacted.make("dXNlcjpwYXNz") }],
              jws: makeJwsVerifier({ jwks: keys }),
            },
          },
          record: (observation) => {
            seen.push(observation)
            return Effect.succeed({ disposition: observation.hold === undefined ? "noted" : "held" })
          },
        })
        const { contentType, contentEncoding } = message
        const headers = {
          "content-type": contentType,
          ...(contentEncoding === undefined ? {} : { "content-encoding": contentEncoding }),
          authorization: credentials,
        }
        const request = new Request("http://127.0.0.1/", {
          method: "POST",
          headers,
          body: Buffer.from(message.bytes),
        })
        const { status } = yield* Effect.promise(() => handleCallback(receiver, "se", request))
        return { status, seen }
      }),
    ),
  )

/** The members that belong to the core of the message. In any dialect, another value contradicts the signed one. */
const words: ReadonlySet<string> = new Set(["applicationReference", "applicationEventType", "creditDecision"])

/** For each member of an event and of its decision, another value. */
const otherwise: Readonly<Record<string, (value: unknown) => unknown>> = {
  applicationReference: () => "VICTIM-1",
  applicationEventType: (type) => (type === "PAID_OUT" ? "SIGNED" : "PAID_OUT"),
  creditDecision: (decision) => (decision === "APPROVED" ? "REJECTED" : "APPROVED"),
  requiredDocuments: () => ["OTHER"],
  documentTypes: () => ["OTHER"],
}
const altered = (name: string, value: unknown): unknown => otherwise[name]?.(value) ?? Number(value) + 1

interface Lie {
  readonly name: string
  readonly lie: object
}

const liesAbout = (event: object): ReadonlyArray<Lie> =>
  Object.entries(event).flatMap(([name, value]): ReadonlyArray<Lie> => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return [{ name, lie: { ...event, [name]: altered(name, value) } }]
    return liesAbout(value).map(({ name: inner, lie }) => ({ name: inner, lie: { ...event, [name]: lie } }))
  })

const spokenCallback = fc.tuple(callbackEvent, selections("callback"))
const runs = { numRuns: Math.ceil(propertyRuns / 4) }

describe("P11 in any dialect", () => {
  it("P11 a genuine signed callback is accepted, or held if a part is unreadable", ({ task }) =>
    fc
      .assert(
        fc.asyncProperty(spokenCallback, async ([event, spoken]) => {
          const message = callbackOf(event, await sign(event, genuine))
          const { status, seen } = await receive(composed(spoken)(message))
          expect([200, 202]).toContain(status)
          expect(seen).toHaveLength(1)
          const isWhole = seen[0]?.leftOut === undefined
          const isForeign = spoken.some(({ name }) => name === "latin-1" || name === "unknown-members")
          if (isWhole && !isForeign) expect([status, seen[0]?.evidence]).toEqual([200, "jws"])
        }),
        runs,
      )
      .then(() => {
        task.meta.proofs = [{ property: "P11", means: "random", cases: runs.numRuns }]
      }))

  it("P11 a callback that somebody else signed is refused", ({ task }) =>
    fc
      .assert(
        fc.asyncProperty(spokenCallback, async ([event, spoken]) => {
          const message = callbackOf(event, await sign(event, foreign))
          const { status, seen } = await receive(composed(spoken)(message))
          expect([status, seen]).toEqual([401, []])
        }),
        runs,
      )
      .then(() => {
        task.meta.proofs = [{ property: "P11", means: "random", cases: runs.numRuns }]
      }))

  it("P11 a callback with one member that differs from the signed one is never accepted", ({ task }) =>
    fc
      .assert(
        fc.asyncProperty(spokenCallback, async ([event, spoken]) => {
          const jws = await sign(event, genuine)
          for (const { name, lie } of liesAbout(event)) {
            const { status, seen } = await receive(composed(spoken)(callbackOf(lie, jws)))
            const isRefused = status === 401 && seen.length === 0
            // A dialect can make a detail unreadable. The detail then contradicts nothing, so the callback is held
            // and not refused.
            const isHeld = seen[0]?.evidence === "none" && seen[0].hold === "signature-unbound"
            expect([name, isRefused || (!words.has(name) && isHeld)]).toEqual([name, true])
          }
        }),
        runs,
      )
      .then(() => {
        task.meta.proofs = [{ property: "P11", means: "random", cases: runs.numRuns }]
      }))

  it("a callback with other credentials is refused before it is read", () =>
    fc.assert(
      fc.asyncProperty(spokenCallback, async ([event, spoken]) => {
        const { status, seen } = await receive(composed(spoken)(callbackOf(event)), "Basic d3Jvbmc=")
        expect([status, seen]).toEqual([401, []])
      }),
      runs,
    ))

  it("the limits of size and depth hold for a re-encoded body", async () => {
    const { callbackBytesMax } = callbackRequestLimitsDefault
    const inUtf16 = composed(
      dialects.filter(({ language, name }) => language === "json" && name === "utf-16"),
    )
    const large = callbackOf({
      applicationReference: "a",
      applicationEventType: "SIGNED",
      x: "y".repeat(callbackBytesMax / 2),
    })
    expect((await receive(large)).status).toBe(200)
    expect((await receive(inUtf16(large))).status).toBe(413)
    const nested = `${"[".repeat(jsonDepthMax)}${"]".repeat(jsonDepthMax)}`
    const deep = {
      contentType: "application/json",
      bytes: Buffer.from(`{"externalApplicationEvent":${nested}}`),
    }
    expect((await receive(inUtf16(deep))).status).toBe(400)
  })

  it.each(decoders.filter(({ language }) => language !== "text"))(
    "$name gives hostile documents a value or a typed error",
    ({ language, decode }) =>
      fc.assert(
        fc.asyncProperty(
          language === "json" ? reshapedJson : reshapedXml,
          selections(language === "json" ? "callback" : "quote"),
          async (bytes, spoken) => {
            const plain = { bytes, contentType: language === "json" ? "application/json" : "text/xml" }
            const said = composed(spoken)(plain)
            const read = await decode(said.bytes)
            expect([typeof read, await decode(said.bytes)]).toEqual([
              read === undefined ? "undefined" : "string",
              read,
            ])
          },
        ),
        runs,
      ),
  )
})
