import { Effect } from "effect"
import { base64url, exportSPKI, importJWK } from "jose"
import type { CryptoKey } from "jose"
import { createHmac } from "node:crypto"
import { beforeAll, describe, expect, test } from "vitest"
import { makeJwks } from "../../src/signature/jwks.ts"
import { makeJwsVerifier } from "../../src/signature/jws-verifier.ts"
import { signatureVerdictOf } from "../../src/callback/metrics.ts"
import type { SignatureVerdict } from "../../src/callback/metrics.ts"
import type { JwsVerdict } from "../../src/signature/jws-verifier.ts"
import { example, jwksText, makeKey, run, serve, serveAnswers, sign } from "../support.ts"
import type { TestKey } from "../support.ts"

const event = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }
const claims = { iss: "bank", iat: 1_700_000_000, externalApplicationEvent: event }

let key: TestKey
let other: TestKey
let small: TestKey
let forEncryption: TestKey
let forPs256: TestKey
let stranger: TestKey
beforeAll(async () => {
  ;[key, other, small, forEncryption, forPs256, stranger] = await Promise.all([
    makeKey("key-1"),
    makeKey("key-2"),
    makeKey("small", "RS256", 1_024),
    makeKey("encryption"),
    makeKey("ps256"),
    makeKey("key-1"),
  ])
})

const published = (): ReadonlyArray<unknown> => [
  key.publicJwk,
  other.publicJwk,
  small.publicJwk,
  { ...forEncryption.publicJwk, use: "enc" },
  { ...forPs256.publicJwk, alg: "PS256" },
  { ...stranger.publicJwk, kid: "private", d: "AQAB" },
  {
    ...stranger.publicJwk,
    kid: "broken",
    n: `${stranger.publicJwk.n?.slice(0, 20)}   ${stranger.publicJwk.n?.slice(20)}`,
  },
  { kty: "EC", crv: "P-256", kid: "ec", x: "AA", y: "AA" },
  "no key",
]

const verdictOn = (jws: string, keys: ReadonlyArray<unknown> = published()): Promise<JwsVerdict> =>
  run(
    Effect.gen(function* () {
      const { url } = yield* serveAnswers((response) => response.end(jwksText(...keys)))
      const verifier = makeJwsVerifier({ jwks: yield* makeJwks({ url }) })
      return yield* verifier.verify(jws, event)
    }),
  )

const encode = (value: unknown): string => base64url.encode(JSON.stringify(value))

/** A compact JWS with any header. `signer` makes its signature with RS256. */
async function forge(header: object | string, payload: unknown, signer: TestKey): Promise<string> {
  const head = typeof header === "string" ? base64url.encode(header) : encode(header)
  const input = `${head}.${encode(payload)}`
  const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", signer.privateKey, Buffer.from(input))
  return `${input}.${base64url.encode(new Uint8Array(signature))}`
}

test("a genuine signature over claims that carry the event is bound, with its issue time", async () => {
  expect(await verdictOn(await sign(key, claims))).toEqual({ state: "bound", issuedAt: 1_700_000_000 })
  expect(await verdictOn(await sign(other, claims))).toMatchObject({ state: "bound" })
})

test("an issue time that is not a number is left out", async () => {
  expect(await verdictOn(await sign(key, { ...claims, iat: "1700000000" }))).toEqual({ state: "bound" })
})

describe("attacks on the header", () => {
  const attacks: ReadonlyArray<readonly [string, () => Promise<string> | string, SignatureVerdict]> = [
    [
      "alg none without a signature",
      () => `${encode({ alg: "none" })}.${encode(claims)}.`,
      "algorithm-refused",
    ],
    [
      "alg none in another case",
      () => `${encode({ alg: "nOnE", kid: "key-1" })}.${encode(claims)}.`,
      "algorithm-refused",
    ],
    ["no alg", () => forge({ kid: "key-1" }, claims, key), "algorithm-refused"],
    [
      "an alg that is a list",
      () => forge({ alg: ["RS256"], kid: "key-1" }, claims, key),
      "algorithm-refused",
    ],
    ["RS512 of the right key", () => forge({ alg: "RS512", kid: "key-1" }, claims, key), "algorithm-refused"],
    ["HS256 keyed with the public key's PEM", hmacWithPem, "algorithm-refused"],
    ["HS256 keyed with the modulus", hmacWithModulus, "algorithm-refused"],
    ["a key of the sender's own in jwk", () => sign(stranger, claims, { jwk: stranger.publicJwk }), "forged"],
    ["a jwk and no kid", () => forge({ alg: "RS256", jwk: stranger.publicJwk }, claims, stranger), "forged"],
    [
      "b64 set to false with crit",
      () => forge({ alg: "RS256", kid: "key-1", b64: false, crit: ["b64"] }, claims, key),
      "extension-refused",
    ],
    [
      "b64 set to false without crit",
      () => forge({ alg: "RS256", kid: "key-1", b64: false }, claims, key),
      "extension-refused",
    ],
    [
      "an unknown critical extension",
      () => forge({ alg: "RS256", kid: "key-1", crit: ["exp"], exp: 1 }, claims, key),
      "extension-refused",
    ],
    [
      "an empty crit",
      () => forge({ alg: "RS256", kid: "key-1", crit: [] }, claims, key),
      "extension-refused",
    ],
    ["a member twice", () => forge('{"alg":"RS256","kid":"key-2","kid":"key-1"}', claims, key), "malformed"],
    ["a header that is a list", () => forge('["RS256"]', claims, key), "malformed"],
    ["a kid that is a number", () => forge({ alg: "RS256", kid: 1 }, claims, key), "kid-unknown"],
    ["a kid that is a list", () => forge({ alg: "RS256", kid: ["key-1"] }, claims, key), "kid-refused"],
    ["a kid that is null", () => forge({ alg: "RS256", kid: null }, claims, stranger), "forged"],
    ["a kid over the limit", () => forge({ alg: "RS256", kid: "k".repeat(257) }, claims, key), "kid-refused"],
    ["another key's kid", () => sign(key, claims, { kid: "key-2" }), "forged"],
    ["a kid nobody published", () => sign(key, claims, { kid: "nobody" }), "kid-unknown"],
    ["a kid named like a built-in", () => sign(key, claims, { kid: "__proto__" }), "kid-unknown"],
    ["a stranger's key under a published kid", () => sign(stranger, claims), "forged"],
    ["no kid and a stranger's key", () => sign(stranger, claims, { kid: undefined }), "forged"],
    ["no kid and a key that is too small", () => forge({ alg: "RS256" }, claims, small), "forged"],
    ["no kid and a key for encryption", () => sign(forEncryption, claims, { kid: undefined }), "forged"],
    ["a key that is too small", () => forge({ alg: "RS256", kid: "small" }, claims, small), "kid-unknown"],
    ["a key for encryption", () => sign(forEncryption, claims), "kid-unknown"],
    ["a key for another algorithm", () => sign(forPs256, claims), "kid-unknown"],
    [
      "a key whose private half is published",
      () => sign(stranger, claims, { kid: "private" }),
      "kid-unknown",
    ],
    ["a key we cannot read", () => sign(stranger, claims, { kid: "broken" }), "unverifiable"],
  ]

  test.each(attacks)("%s", async (_title, attack, verdict) => {
    expect(signatureVerdictOf(await verdictOn(await attack()))).toBe(verdict)
  })

  function hmac(secret: string | Uint8Array): string {
    const input = `${encode({ alg: "HS256", kid: "key-1" })}.${encode(claims)}`
    return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`
  }
  async function hmacWithPem(): Promise<string> {
    const imported = await importJWK(key.publicJwk, "RS256", { extractable: true })
    return hmac(await exportSPKI(imported as CryptoKey))
  }
  function hmacWithModulus(): string {
    return hmac(base64url.decode(key.publicJwk.n ?? ""))
  }

  test.each(["jku", "x5u"])("%s is never fetched", async (parameter) => {
    const verdict = await run(
      Effect.gen(function* () {
        const bank = yield* serveAnswers((response) => response.end(jwksText(key.publicJwk)))
        const evil = yield* serveAnswers((response) => response.end(jwksText(stranger.publicJwk)))
        const verifier = makeJwsVerifier({ jwks: yield* makeJwks({ url: bank.url }) })
        const forged = yield* Effect.promise(() =>
          sign(stranger, claims, { [parameter]: `${evil.url}/jwks` }),
        )
        const { state } = yield* verifier.verify(forged, event)
        return { state, fetches: evil.requests.length }
      }),
    )
    expect(verdict).toEqual({ state: "invalid", fetches: 0 })
  })

  test("a header that only mentions other keys does not spoil a genuine signature", async () => {
    const jws = await sign(key, claims, { jku: "https://elsewhere.example/jwks", typ: "JWT" })
    expect((await verdictOn(jws)).state).toBe("bound")
  })
})

describe("attacks on the rest", () => {
  test.each([
    ["nothing", ""],
    ["a word", "signature"],
    ["two parts", "a.b"],
    ["four parts", "e30.e30.e30.e30"],
    ["five parts, as of an encrypted token", "e30.e30.e30.e30.e30"],
    ["empty parts", ".."],
    ["the bank page's own example", "eyJOXAiOLADikz.eyJpc3MiJgbDQrm4.djjft4CP-mbW1"],
    ["characters that are no base64url", "e+/=.e30.e30"],
    ["a NUL", "\u0000.\u0000.\u0000"],
    ["an algorithm that is not allowed", `${encode({ alg: "HS256", kid: "key-1" })}.e30.e30`],
    ["no algorithm", `${encode({ alg: "none" })}.e30.`],
    ["a kid over the limit", `${encode({ alg: "RS256", kid: "k".repeat(257) })}.e30.e30`],
    ["a critical extension", `${encode({ alg: "RS256", kid: "key-1", crit: ["b64"], b64: false })}.e30.e30`],
  ])("%s is no signature, and no key is fetched for it", async (_title, jws) => {
    const seen = await run(
      Effect.gen(function* () {
        const bank = yield* serveAnswers((response) => response.end(jwksText(key.publicJwk)))
        const verifier = makeJwsVerifier({ jwks: yield* makeJwks({ url: bank.url }) })
        const { state } = yield* verifier.verify(jws, event)
        return { state, fetches: bank.requests.length }
      }),
    )
    expect(seen).toEqual({ state: "invalid", fetches: 0 })
  })

  test("another payload under the same signature is invalid", async () => {
    const [header, , signature] = (await sign(key, claims)).split(".")
    expect((await verdictOn(`${header}.${encode({ ...claims, iat: 1 })}.${signature}`)).state).toBe("invalid")
  })

  test("a signature that is cut or missing is invalid", async () => {
    const jws = await sign(key, claims)
    expect((await verdictOn(jws.slice(0, -8))).state).toBe("invalid")
    expect((await verdictOn(jws.slice(0, jws.lastIndexOf(".") + 1))).state).toBe("invalid")
  })

  test("claims about another loan contradict the body", async () => {
    const foreign = { externalApplicationEvent: { ...event, applicationReference: "XYZ-9" } }
    expect((await verdictOn(await sign(key, foreign))).state).toBe("contradicted")
  })

  test.each([
    ["claims without the event", { iss: "bank" }],
    ["a payload that is no object", "[]"],
    ["a payload that is no JSON", "SIGNED"],
    ["a payload that names a member twice", '{"applicationReference":"x","applicationReference":"ABC-123"}'],
  ])("%s do not cover the body", async (_title, payload) => {
    expect((await verdictOn(await sign(key, payload))).state).toBe("unbound")
  })
})

describe("the bank's key set", () => {
  test("the bank page's own set keeps its good key beside the one with white space in it", async () => {
    const page: unknown = JSON.parse(Buffer.from(example("jwks.json")).toString())
    const { keys } = page as { readonly keys: ReadonlyArray<unknown> }
    expect((await verdictOn(await sign(key, claims), [...keys, key.publicJwk])).state).toBe("bound")
    const [good, bad] = ["1cb06a4a-3465-4f11-ac3d-d8bb2bdb1eb7", "e434a27b-e1fb-4f7f-89d6-fb4e95619aac"]
    expect((await verdictOn(await sign(key, claims, { kid: good }), keys)).state).toBe("invalid")
    expect((await verdictOn(await sign(key, claims, { kid: bad }), keys)).state).toBe("unverifiable")
  })

  test("an unreachable set makes a signature unverifiable, not invalid", async () => {
    const verdict = run(
      Effect.gen(function* () {
        const url = yield* serve((request) => request.destroy())
        const verifier = makeJwsVerifier({ jwks: yield* makeJwks({ url }) })
        return yield* verifier.verify(yield* Effect.promise(() => sign(key, claims)), event)
      }),
    )
    expect(await verdict).toEqual({ state: "unverifiable" })
  })
})
