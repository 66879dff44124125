import fc from "fast-check"
import { Effect, Redacted } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import type { CallbackAnswer } from "../../src/callback/answer.ts"
import { makeCallbackReceiver } from "../../src/callback/receiver.ts"
import { makeJwks } from "../../src/signature/jwks.ts"
import { makeJwsVerifier } from "../../src/signature/jws-verifier.ts"
import { bytesOf, example, jwksText, makeKey, recorder, run, serveAnswers, sign } from "../support.ts"
import type { TestKey } from "../support.ts"

/** The number of random cases. An environment variable can raise it. */
const propertyRuns = Number(process.env["LOAN_ENGINE_PROPERTY_RUNS"] ?? 500)

let key: TestKey
let genuine: Uint8Array
const event = { applicationReference: "ABC-123", applicationEventType: "SIGNED" }
beforeAll(async () => {
  key = await makeKey("key-1")
  const jwsData = await sign(key, { iat: 1_700_000_000, externalApplicationEvent: event })
  genuine = bytesOf(JSON.stringify({ externalApplicationEvent: event, jwsData }))
})

const authorization = "Basic dXNlcjpwYXNz"

/** A receiver that requires credentials and verifies signatures, and a function that sends it any bytes. */
const makeTarget = Effect.gen(function* () {
  const { url } = yield* serveAnswers((response) => response.end(jwksText(key.publicJwk)))
  const jws = makeJwsVerifier({ jwks: yield* makeJwks({ url }) })
  const { record, seen } = recorder()
  const credentials = [{ method: "BASIC" as const, credentials: Redacted.make("dXNlcjpwYXNz") }]
  // The limit on held callbacks would refuse most of them.
  const limits = { callbacksUnsignedPerMinuteMax: 1_000_000 }
  const receiver = yield* makeCallbackReceiver({ accounts: { se: { credentials, jws } }, record, limits })
  const send = (body: Uint8Array, header = authorization): Promise<CallbackAnswer> => {
    const headers = new Headers({ authorization: header })
    const request = { method: "POST", headers, body: new Blob([body]).stream() }
    return new Promise((tell) => receiver.respond("se", request, tell))
  }
  return { send, seen }
})

type Target = Effect.Success<typeof makeTarget>
const attack = (property: (target: Target) => Promise<void>): Promise<void> =>
  run(Effect.flatMap(makeTarget, (target) => Effect.promise(() => property(target))))

/**
 * Checks for any input that the receiver answers by itself, and that it records an observation exactly if it
 * acknowledges the callback.
 */
async function expectConsistent({ send, seen }: Target, bytes: Uint8Array): Promise<void> {
  const before = seen.length
  const { status, body } = await send(bytes)
  expect([200, 202, 400, 401, 413]).toContain(status)
  expect(() => JSON.parse(body) as unknown).not.toThrow()
  expect(seen.length - before).toBe(status < 300 ? 1 : 0)
}

/** A good body with small damage, as a careful forger or a bad connection causes it. */
const damaged = (bodies: () => ReadonlyArray<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      body: fc.nat(),
      at: fc.nat(),
      cut: fc.nat({ max: 3 }),
      insert: fc.uint8Array({ maxLength: 3 }),
    })
    .map(({ body, at, cut, insert }) => {
      const all = bodies()
      const bytes = all[body % all.length] ?? new Uint8Array()
      const position = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, position), insert, bytes.subarray(position + cut)])
    })

const examples = [
  "signed.json",
  "credit-decision-approved.json",
  "credit-decision-rejected.json",
  "waiting-for-addition.json",
  "paid-out.json",
].map(example)

describe("for any bytes", () => {
  test("nothing throws, and nothing that is refused is recorded: bytes at random", () =>
    attack((target) =>
      fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), (bytes) => expectConsistent(target, bytes)),
        { numRuns: propertyRuns },
      ),
    ))

  test("the same is true for damaged examples, signed and unsigned", () => {
    const unsigned = examples.map((bytes) =>
      bytesOf(
        Buffer.from(bytes)
          .toString()
          .replace(/"jwsData".*/u, '"jwsData":null'),
      ),
    )
    return attack((target) =>
      fc.assert(
        fc.asyncProperty(
          damaged(() => [...examples, ...unsigned, genuine]),
          (bytes) => expectConsistent(target, bytes),
        ),
        { numRuns: 4 * propertyRuns },
      ),
    )
  })

  test("the same is true for any JSON in the place of any member", () =>
    attack((target) =>
      fc.assert(
        fc.asyncProperty(
          fc.constantFrom(
            "applicationReference",
            "applicationEventType",
            "creditDecision",
            "requiredDocuments",
          ),
          fc.constantFrom("SIGNED", "CREDIT_DECISION_UPDATED", "WAITING_FOR_ADDITION"),
          fc.jsonValue(),
          fc.jsonValue(),
          (member, applicationEventType, value, jwsData) => {
            const changed = { applicationReference: "a", applicationEventType, [member]: value }
            const body = JSON.stringify({ externalApplicationEvent: changed, jwsData })
            return expectConsistent(target, bytesOf(body))
          },
        ),
        { numRuns: 2 * propertyRuns },
      ),
    ))

  test("a callback with wrong credentials is never recorded, for any body", () =>
    attack(({ send, seen }) =>
      fc.assert(
        fc.asyncProperty(
          fc
            .oneof(fc.base64String(), fc.stringMatching(/^[ -~]*$/u))
            .filter((text) => text.trim() !== "dXNlcjpwYXNz"),
          async (text) => {
            const { status } = await send(genuine, `Basic ${text}`)
            expect([status, seen.length]).toEqual([401, 0])
          },
        ),
        { numRuns: propertyRuns },
      ),
    ))
})

describe("a genuine signature", () => {
  test("is recorded with its evidence when the body is unchanged", () =>
    attack(async ({ send, seen }) => {
      expect((await send(genuine)).status).toBe(200)
      expect(seen[0]?.evidence).toBe("jws")
    }))

  test("proves no other event, for any change in the body", () =>
    attack(({ send, seen }) =>
      fc.assert(
        fc.asyncProperty(
          damaged(() => [genuine]),
          async (bytes) => {
            seen.length = 0
            await send(bytes)
            const admitted = seen.find(({ evidence }) => evidence === "jws")
            if (admitted === undefined) return
            expect([admitted.applicationReference, admitted.events[0]?.type]).toEqual([
              "ABC-123",
              "agreement.signed",
            ])
          },
        ),
        { numRuns: 4 * propertyRuns },
      ),
    ))
})
