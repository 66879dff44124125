import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, describe, expect, test } from "vitest"
import { jwksLimitsDefault, makeJwks } from "../../src/signature/jwks.ts"
import { keysTriedMax } from "../../src/signature/jwks-keys.ts"
import { makeJwsVerifier } from "../../src/signature/jws-verifier.ts"
import { certificateOf } from "../http/certificate.ts"
import { jwksText, makeKey, run, serveAnswers, sign } from "../support.ts"
import type { TestKey } from "../support.ts"

const event = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }
const claims = { iss: "bank", externalApplicationEvent: event }

let old: TestKey
let key: TestKey
let stranger: TestKey
beforeAll(async () => {
  ;[old, key, stranger] = await Promise.all([makeKey("one"), makeKey("one"), makeKey("one")])
})

/** A bank whose key set the test can change. It signs messages and gives the verdicts on them. */
const makeBank = Effect.fnUntraced(function* (body: string, contentType = "application/json") {
  const answer = { body }
  const { url, requests } = yield* serveAnswers((response) =>
    response.writeHead(200, { "content-type": contentType }).end(answer.body),
  )
  const verifier = makeJwsVerifier({ jwks: yield* makeJwks({ url }) })
  const verdict = (jws: string) => Effect.map(verifier.verify(jws, event), ({ state }) => state)
  const signedBy = (signer: TestKey, header: { readonly [name: string]: unknown } = {}) =>
    Effect.flatMap(
      Effect.promise(() => sign(signer, claims, header)),
      verdict,
    )
  /**
   * Like `signedBy`, after the wait that allows the key set to be fetched again. After that fetch an unknown signer
   * is certain.
   */
  const signedLater = (signer: TestKey, header: { readonly [name: string]: unknown } = {}) =>
    Effect.andThen(TestClock.adjust(jwksLimitsDefault.cooldownMs), signedBy(signer, header))
  return { answer, requests, verdict, signedBy, signedLater }
})

/** The same key in the different forms that a key set may contain. */
const forms: ReadonlyArray<[string, () => unknown]> = [
  ["as usual", () => key.publicJwk],
  ["without use", () => ({ ...key.publicJwk, use: undefined })],
  ["without alg", () => ({ ...key.publicJwk, alg: undefined })],
  ["without use and alg", () => ({ ...key.publicJwk, use: undefined, alg: undefined })],
  ["with an empty use and alg", () => ({ ...key.publicJwk, use: "", alg: "" })],
  [
    "with use, alg and key_ops that are null",
    () => ({ ...key.publicJwk, use: null, alg: null, key_ops: null }),
  ],
  [
    "with its words in another case",
    () => ({ ...key.publicJwk, kty: "rsa", alg: "rs256", use: "SIG", key_ops: "Verify" }),
  ],
  ["with key_ops that are empty", () => ({ ...key.publicJwk, key_ops: [] })],
  ["without kty", () => ({ ...key.publicJwk, kty: undefined })],
  ["as a certificate without kty", () => ({ kid: "one", x5c: [certificateOf(key)] })],
  ["as a certificate that is in no list", () => ({ kty: "RSA", kid: "one", x5c: certificateOf(key) })],
  ["without a kid", () => ({ ...key.publicJwk, kid: undefined })],
  ["with an empty kid", () => ({ ...key.publicJwk, kid: "" })],
  ["as a certificate", () => ({ kty: "RSA", kid: "one", use: "sig", x5c: [certificateOf(key)] })],
  [
    "as a chain of certificates that begins with its own",
    () => ({ kty: "RSA", kid: "one", x5c: [certificateOf(key), certificateOf(stranger)] }),
  ],
  [
    "as a certificate in several lines",
    () => ({ kty: "RSA", kid: "one", x5c: [certificateOf(key).replace(/.{64}/gu, "$&\r\n")] }),
  ],
  ["as a certificate without a kid", () => ({ kty: "RSA", x5c: [certificateOf(key)] })],
  ["as a certificate beside its numbers", () => ({ ...key.publicJwk, x5c: [certificateOf(stranger)] })],
]

describe("a key of the set", () => {
  test.each(forms)("%s verifies what it signed, and nothing else, with a kid and without", (_title, form) =>
    run(
      Effect.gen(function* () {
        const { signedBy, signedLater } = yield* makeBank(jwksText(form()))
        for (const header of [{}, { kid: undefined }, { kid: null }, { kid: "" }]) {
          expect(yield* signedBy(key, header)).toBe("bound")
          expect(yield* signedLater(stranger, header)).toBe("invalid")
        }
      }),
    ),
  )

  test.each(forms)("%s is found among others, good and bad", (_title, form) =>
    run(
      Effect.gen(function* () {
        const { signedBy, signedLater } = yield* makeBank(
          jwksText(
            { kty: "EC", crv: "P-256", kid: "one", x: "AA", y: "AA" },
            { kty: "RSA", kid: "one", n: "A A", e: "AQAB" },
            { kty: "RSA", kid: "one", x5c: ["bm8gY2VydGlmaWNhdGU="] },
            "no key",
            null,
            old.publicJwk,
            form(),
          ),
        )
        expect(yield* signedBy(key)).toBe("bound")
        expect(yield* signedBy(key, { kid: undefined })).toBe("bound")
        expect(yield* signedBy(old)).toBe("bound")
        expect(yield* signedLater(stranger)).toBe("invalid")
        expect(yield* signedLater(stranger, { kid: undefined })).toBe("invalid")
      }),
    ),
  )

  test("may have a number as its kid", () =>
    run(
      Effect.gen(function* () {
        const { signedBy, signedLater } = yield* makeBank(
          jwksText({ ...key.publicJwk, kid: 20 }, old.publicJwk),
        )
        for (const kid of [20, "20"]) expect(yield* signedBy(key, { kid })).toBe("bound")
        expect(yield* signedLater(key, { kid: 2 })).toBe("invalid")
      }),
    ))

  test.each([
    ["for encryption", { use: "enc" }],
    ["for signing, not for verifying", { key_ops: ["sign"] }],
    ["of another algorithm", { alg: "ps256" }],
    ["of another kind", { kty: "EC" }],
    ["with its private part", { d: "AQAB" }],
  ])("%s is not used", (_title, members) =>
    run(
      Effect.gen(function* () {
        const { signedBy } = yield* makeBank(jwksText({ ...key.publicJwk, ...members }))
        expect(yield* signedBy(key)).toBe("invalid")
      }),
    ),
  )

  test("is tried only for its own kid, if it has one", () =>
    run(
      Effect.gen(function* () {
        const { signedBy } = yield* makeBank(jwksText(old.publicJwk, { ...key.publicJwk, kid: "two" }))
        expect(yield* signedBy(key, { kid: "one" })).toBe("invalid")
        expect(yield* signedBy(key, { kid: "two" })).toBe("bound")
      }),
    ))

  test("is tried among a limited number of possible keys; beyond it, an unmatched signature is not called invalid", () =>
    run(
      Effect.gen(function* () {
        const others = Array.from({ length: keysTriedMax - 1 }, () => old.publicJwk)
        const { signedBy, answer } = yield* makeBank(jwksText(...others, key.publicJwk))
        expect(yield* signedBy(key)).toBe("bound")
        answer.body = jwksText(...others, old.publicJwk, key.publicJwk)
        yield* TestClock.adjust(jwksLimitsDefault.freshMsMax)
        expect(yield* signedBy(key)).toBe("unverifiable")
      }),
    ))

  test.each(["HS256", "none", "ES256", "PS256", "RS512"])(
    "verifies nothing with %s, for any content of the key set",
    (alg) =>
      run(
        Effect.gen(function* () {
          const { verdict, requests } = yield* makeBank(jwksText({ ...key.publicJwk, alg, kid: undefined }))
          const [, ...rest] = (yield* Effect.promise(() => sign(key, claims))).split(".")
          const header = Buffer.from(JSON.stringify({ alg })).toString("base64url")
          expect(yield* verdict([header, ...rest].join("."))).toBe("invalid")
          expect(requests).toHaveLength(0)
        }),
      ),
  )
})

describe("a key that was replaced under its kid", () => {
  test("is fetched at the first signature that the old key did not make", () =>
    run(
      Effect.gen(function* () {
        const { signedBy, signedLater, answer, requests } = yield* makeBank(jwksText(old.publicJwk))
        expect(yield* signedBy(old)).toBe("bound")
        answer.body = jwksText(key.publicJwk)
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        expect(yield* signedBy(key)).toBe("bound")
        expect(requests).toHaveLength(2)
        expect(yield* signedBy(old)).toBe("unverifiable")
        expect(requests).toHaveLength(2)
        expect(yield* signedLater(old)).toBe("invalid")
      }),
    ))

  test("makes callbacks be held while the key set is unreachable, and accepted afterwards", () =>
    run(
      Effect.gen(function* () {
        const { signedBy, signedLater, answer, requests } = yield* makeBank(jwksText(old.publicJwk))
        expect(yield* signedBy(old)).toBe("bound")
        answer.body = "down"
        expect(yield* signedLater(key)).toBe("unverifiable")
        expect(yield* signedBy(key)).toBe("unverifiable")
        expect(requests).toHaveLength(2)
        // Signatures of the known key are still accepted during this time.
        expect(yield* signedBy(old)).toBe("bound")
        answer.body = jwksText(key.publicJwk)
        expect(yield* signedLater(key)).toBe("bound")
        expect(yield* signedLater(stranger)).toBe("invalid")
      }),
    ))

  test("costs one fetch in a cooldown, however many forgeries come at once and after", () =>
    run(
      Effect.gen(function* () {
        const { signedBy, verdict, requests } = yield* makeBank(jwksText(old.publicJwk))
        expect(yield* signedBy(old)).toBe("bound")
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        // All messages are signed in advance, so that all arrive before the one fetch ends.
        const forged = yield* Effect.forEach(Array.from({ length: 20 }), (_, index) =>
          Effect.promise(() => sign(stranger, claims, index % 2 === 0 ? {} : { kid: undefined })),
        )
        const forgeries = forged.map(verdict)
        const states = yield* Effect.all(forgeries, { concurrency: "unbounded" })
        expect(new Set(states)).toEqual(new Set(["invalid"]))
        for (const forgery of forgeries) expect(yield* forgery).toBe("unverifiable")
        expect(requests).toHaveLength(2)
      }),
    ))
})

describe("the set itself", () => {
  test.each([
    ["as text", (text: string) => text, "text/plain"],
    ["as a page", (text: string) => text, "text/html; charset=utf-8"],
    ["with a byte order mark", (text: string) => `\ufeff${text}`, "application/octet-stream"],
    ["as a string that holds it", (text: string) => JSON.stringify(text), "application/json"],
  ])("is read %s", (_title, written, contentType) =>
    run(
      Effect.gen(function* () {
        const { signedBy, signedLater } = yield* makeBank(written(jwksText(key.publicJwk)), contentType)
        expect(yield* signedBy(key)).toBe("bound")
        expect(yield* signedLater(stranger)).toBe("invalid")
      }),
    ),
  )
})

describe("white space and other spellings of the token", () => {
  test.each([" ", "\n", "\r\n\t", "\u00a0"])("%j around the token is ignored", (space) =>
    run(
      Effect.gen(function* () {
        const { verdict } = yield* makeBank(jwksText(key.publicJwk))
        const jws = yield* Effect.promise(() => sign(key, claims))
        const forged = yield* Effect.promise(() => sign(stranger, claims))
        expect(yield* verdict(`${space}${jws}${space}`)).toBe("bound")
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        expect(yield* verdict(`${space}${forged}${space}`)).toBe("invalid")
      }),
    ),
  )

  const respelt: ReadonlyArray<[string, (jws: string) => string]> = [
    ["padding behind it", (jws) => `${jws}==`],
    ["a line break within it", (jws) => `${jws.slice(0, -9)}\n${jws.slice(-9)}`],
    ["a blank within it", (jws) => `${jws.slice(0, -9)} ${jws.slice(-9)}`],
    ["a blank behind a dot", (jws) => jws.replace(/\.([^.]*)$/u, ". $1")],
    [
      "the signs of plain base64",
      (jws) => jws.replace(/[-_](?=[^.]*$)/u, (sign) => (sign === "-" ? "+" : "/")),
    ],
    ["other bits at its end that mean nothing", (jws) => jws.slice(0, -1) + respeltEnd(jws.slice(-1))],
    ["a foreign letter within it", (jws) => `${jws.slice(0, -9)}å${jws.slice(-9)}`],
  ]
  test.each(respelt)("%s is no signature: a signature has only one spelling", (_title, spell) =>
    run(
      Effect.gen(function* () {
        const { verdict } = yield* makeBank(jwksText(key.publicJwk))
        const jws = yield* Effect.promise(() => sign(key, claims))
        expect(spell(jws)).not.toBe(jws)
        expect(yield* verdict(jws)).toBe("bound")
        expect(yield* verdict(spell(jws))).toBe("invalid")
      }),
    ),
  )
})

/**
 * Changes unused bits in the last letter. The last letter of 256 bytes in base64url has two bits of the value and
 * four unused bits.
 */
function respeltEnd(letter: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  return letters[letters.indexOf(letter) + 1] ?? ""
}
