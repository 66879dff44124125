import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { makeJwks } from "@loan-engine/adapters-http/signature/jwks"
import { makeJwsVerifier } from "@loan-engine/adapters-http/signature/jws-verifier"
import { KeyObject } from "node:crypto"
import { Effect } from "effect"
import * as fc from "fast-check"
import { base64url, CompactSign, exportJWK, generateKeyPair } from "jose"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { forgeryClasses, rebuilt } from "./forgery-classes.ts"
import type { Genuine } from "./forgery-classes.ts"
import { propertyRuns } from "../../proof/properties/settings.ts"

const event = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

let jws = ""
let genuine: Genuine
let verdictOn: (jws: string) => Promise<string>
let inputs = 0
beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: "key-1", use: "sig", alg: "RS256" }]
  jws = await new CompactSign(utf8(JSON.stringify({ iat: 1_700_000_000, externalApplicationEvent: event })))
    .setProtectedHeader({ alg: "RS256", kid: "key-1" })
    .sign(privateKey)
  genuine = { jws, privateKey: KeyObject.from(privateKey), publicKey: KeyObject.from(publicKey) }
  const published: Exchange = () =>
    Effect.succeed({ status: 200, headers: {}, body: utf8(JSON.stringify({ keys })) })
  verdictOn = (text) => {
    inputs += 1
    return Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const jwks = yield* makeJwks({ url: "https://bank.example/jwks", exchange: published })
          return (yield* makeJwsVerifier({ jwks }).verify(text, event)).state
        }),
      ),
    )
  }
})
afterAll(() => {
  process.stdout.write(`\nHostile signatures: ${inputs} tried\n`)
})

const headerMember = fc.constantFrom(
  "alg",
  "kid",
  "crit",
  "b64",
  "jwk",
  "jku",
  "x5u",
  "x5c",
  "typ",
  "zip",
  "enc",
)
const headerValue = fc.oneof(
  fc.constantFrom<unknown>("none", "HS256", "RS512", "RS256", "key-1", ["RS256"], ["b64"], false, null),
  fc.jsonValue(),
)

/**
 * The header with a changed member. Or a part of the signature with a few characters changed, doubled, moved or
 * removed.
 */
const reheadered = fc.tuple(headerMember, headerValue).map(([name, value]) => {
  const [header = "", ...rest] = jws.split(".")
  const members = JSON.parse(Buffer.from(base64url.decode(header)).toString()) as object
  return [base64url.encode(JSON.stringify({ ...members, [name]: value })), ...rest].join(".")
})
const respelled = fc
  .record({ at: fc.nat(), remove: fc.nat(3), insert: fc.string({ maxLength: 3 }) })
  .map(({ at, remove, insert }) => {
    const from = at % jws.length
    return jws.slice(0, from) + insert + jws.slice(from + remove)
  })
const rearranged = fc
  .array(fc.nat(2), { maxLength: 5 })
  .map((parts) => parts.map((part) => jws.split(".")[part]).join("."))

/** base64url can have several spellings of the same bytes. Only other bytes are another signature. */
const bytesOf = (text: string): string =>
  text
    .split(".")
    .map((part, index) => (index < 2 ? part : Buffer.from(part, "base64url").toString("hex")))
    .join(".")

describe("a genuine signature", () => {
  it("is bound in its unchanged form", async () => {
    expect(await verdictOn(jws)).toBe("bound")
  })

  it("is bound in no other form than its own", () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(reheadered, respelled, rearranged), async (text) => {
        const verdict = await verdictOn(text)
        expect(["bound", "invalid"]).toContain(verdict)
        // The engine ignores blanks around a text.
        if (verdict === "bound") expect(bytesOf(text.trim())).toBe(bytesOf(jws))
      }),
      { numRuns: propertyRuns },
    ))
})

describe("each class of forgeries that Wycheproof has vectors for", () => {
  it.each(forgeryClasses)("is refused in all its forms: $name", async ({ forge }) => {
    const forged = forge(genuine)
    expect(forged.length).toBeGreaterThan(0)
    for (const text of forged) {
      expect(text).not.toBe(jws)
      expect([text, await verdictOn(text)]).toEqual([text, "invalid"])
    }
  })

  it("differs from a genuine signature in one thing: with the right padding, the generator's signature is bound", async () => {
    expect(await verdictOn(rebuilt(genuine))).toBe("bound")
  })
})
