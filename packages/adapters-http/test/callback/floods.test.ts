import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, describe, expect, test } from "vitest"
import type { CallbackAccountOptions } from "../../src/callback/accounts.ts"
import { callbackBudgetLimitsDefault } from "../../src/callback/budgets.ts"
import { ask, body, credentials, signedEvent, start, unsigned, verifying } from "./receiver-support.ts"
import type { Signs } from "../../src/signature/signing-watch.ts"
import { makeKey, run, sign } from "../support.ts"
import type { TestKey } from "../support.ts"

const { callbacksHeldPerMinuteMax, callbackHeldBytesMax } = callbackBudgetLimitsDefault

let key: TestKey
beforeAll(async () => {
  key = await makeKey("key-1")
})

const withoutSignature = [undefined, null, "", "  ", [""]].map((jwsData) =>
  JSON.stringify({ externalApplicationEvent: signedEvent, jwsData }),
)

/** A callback body with its signature. */
const signedBy = async (signer: TestKey): Promise<string> =>
  body(await sign(signer, { externalApplicationEvent: signedEvent }))

/** A callback body about a new loan. */
const aboutLoan = (number: number): string =>
  JSON.stringify({ externalApplicationEvent: { ...signedEvent, applicationReference: `junk-${number}` } })

const send = (post: (body: string) => Promise<{ readonly status: number }>, bodies: ReadonlyArray<string>) =>
  Effect.forEach(bodies, (sent) =>
    Effect.map(
      ask(() => post(sent)),
      ({ status }) => status,
    ),
  )

describe("a callback without evidence", () => {
  test("without a signature is refused, unless a setting says that it is held", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const strict = yield* start({ jws })
        expect(yield* send(strict.post, withoutSignature)).toEqual(withoutSignature.map(() => 401))
        const answer = yield* ask(() => strict.post(unsigned))
        expect(answer.body).toMatchObject({ code: "signature-missing", field: "jwsData" })
        expect(answer.headers.get("www-authenticate")).toBe('JWS realm="callback"')
        const unreadable = JSON.stringify({ externalApplicationEvent: signedEvent, jwsData: 7 })
        expect((yield* ask(() => strict.post(unreadable))).body["code"]).toBe("signature-invalid")
        expect(strict.seen).toEqual([])
        const lenient = yield* start({ jws, allowUnauthenticated: true })
        expect(yield* send(lenient.post, withoutSignature)).toEqual(withoutSignature.map(() => 202))
        expect(lenient.seen[0]).toMatchObject({ evidence: "none", hold: "no-evidence" })
      }),
    ))

  test("is held only a limited number of times in a minute, and then answered with a time to retry", () =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ allowUnauthenticated: true })
        const flood = Array.from({ length: callbacksHeldPerMinuteMax + 40 }, (_, number) => aboutLoan(number))
        const statuses = yield* send(post, flood)
        expect(statuses.filter((status) => status === 202)).toHaveLength(callbacksHeldPerMinuteMax)
        expect(new Set(statuses.slice(callbacksHeldPerMinuteMax))).toEqual(new Set([503]))
        const refused = yield* ask(() => post(unsigned))
        expect([refused.body["code"], refused.headers.get("retry-after")]).toEqual(["held-too-many", "1"])
        expect(seen).toHaveLength(callbacksHeldPerMinuteMax)
        // The bank repeats a callback that was answered 503. By then the limit has room again.
        yield* TestClock.adjust("1 second")
        expect((yield* ask(() => post(unsigned))).status).toBe(202)
        expect((yield* ask(() => post(unsigned))).status).toBe(503)
      }),
    ))

  test("has the same limit when its signature cannot be verified, or does not cover its body", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const unbound = body(yield* ask(() => sign(key, { iss: "bank" })))
        const limits = { callbacksHeldPerMinuteMax: 2 }
        const open = yield* start({ jws }, undefined, limits)
        expect(yield* send(open.post, [unbound, unbound, unbound])).toEqual([202, 202, 503])
        const away = yield* verifying(key)
        away.jwksServer.status = 503
        const blind = yield* start({ jws: away.jws }, undefined, limits)
        const unchecked = yield* ask(() => signedBy(key))
        expect(yield* send(blind.post, [unchecked, unchecked, unchecked])).toEqual([202, 202, 503])
      }),
    ))

  test("uses no room of callbacks with credentials or a signature", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const limits = { callbacksHeldPerMinuteMax: 1 }
        const signed = yield* ask(() => signedBy(key))
        const unknown = JSON.stringify({
          externalApplicationEvent: { ...signedEvent, applicationEventType: "NEW" },
        })
        const vouched: ReadonlyArray<readonly [CallbackAccountOptions, string, number]> = [
          [{ jws, allowUnauthenticated: true }, signed, 200],
          [{ credentials }, unsigned, 200],
          [{ credentials }, unknown, 202],
        ]
        for (const [account, sent, status] of vouched) {
          const { post } = yield* start(account, undefined, limits)
          if (account.credentials === undefined)
            expect(yield* send(post, [unsigned, unsigned])).toEqual([202, 503])
          expect(yield* send(post, [sent, sent, sent])).toEqual([status, status, status])
        }
      }),
    ))

  test("about a known loan has its own room, which callbacks about other loans cannot fill", () =>
    run(
      Effect.gen(function* () {
        const isKnown = (reference: string) => Effect.succeed(reference === signedEvent.applicationReference)
        const limits = { callbacksHeldPerMinuteMax: 2 }
        const { post } = yield* start({ allowUnauthenticated: true }, undefined, limits, { isKnown })
        expect(yield* send(post, [1, 2, 3, 4].map(aboutLoan))).toEqual([202, 202, 503, 503])
        expect(yield* send(post, [unsigned, unsigned, unsigned])).toEqual([202, 202, 503])
      }),
    ))

  test("is held only if its body is small; a callback with evidence may be larger", () =>
    run(
      Effect.gen(function* () {
        const sized = (bytes: number) =>
          unsigned.replace(/\}$/u, `,"x":"${"x".repeat(bytes - unsigned.length - 7)}"}`)
        const [small, large] = [sized(callbackHeldBytesMax), sized(callbackHeldBytesMax + 1)]
        expect([small.length, large.length]).toEqual([callbackHeldBytesMax, callbackHeldBytesMax + 1])
        const open = yield* start({ allowUnauthenticated: true })
        expect(yield* send(open.post, [small, large])).toEqual([202, 413])
        const { post } = yield* start({ credentials })
        expect(yield* send(post, [large])).toEqual([200])
      }),
    ))
})

describe("a callback with credentials whose signature proves nothing", () => {
  const signs: Signs = { isSeen: () => true, see: Effect.void }
  const unreadable = JSON.stringify({ externalApplicationEvent: signedEvent, jwsData: 7 })

  test("is held for every loan of a busy minute while the bank's key set is away", () =>
    run(
      Effect.gen(function* () {
        const { jws, jwksServer } = yield* verifying(key)
        jwksServer.status = 503
        const { post } = yield* start({ credentials, jws, signs })
        const genuine = yield* ask(() => signedBy(key))
        const { applicationReference } = signedEvent
        const busy = Array.from({ length: 300 }, (_, number) =>
          genuine.replaceAll(applicationReference, `loan-${number}`),
        )
        expect(new Set(yield* send(post, busy))).toEqual(new Set([202]))
      }),
    ))

  test.each([
    ["is missing, although the bank signs", unsigned],
    ["is no text", unreadable],
  ])("has a limit of its own, if the signature %s", (_why, sent) =>
    run(
      Effect.gen(function* () {
        const { applicationReference } = signedEvent
        const isKnown = (reference: string) => Effect.succeed(reference === applicationReference)
        const { jws } = yield* verifying(key)
        const limits = { callbacksHeldPerMinuteMax: 1, callbacksUnsignedPerMinuteMax: 2 }
        const { post } = yield* start({ credentials, jws, signs }, undefined, limits, { isKnown })
        const junk = [1, 2, 3, 4].map((number) => sent.replaceAll(applicationReference, `junk-${number}`))
        expect(yield* send(post, junk)).toEqual([202, 202, 503, 503])
        const large = sent.replace(/\}$/u, `,"x":"${"x".repeat(callbackHeldBytesMax)}"}`)
        expect(yield* send(post, [sent, large, sent])).toEqual([202, 202, 503])
        const signed = yield* ask(() => signedBy(key))
        expect(yield* send(post, [signed, signed, signed])).toEqual([200, 200, 200])
      }),
    ),
  )
})

describe("what is held", () => {
  test("can put a loan in doubt; a callback that is refused for its rate or size cannot", () =>
    run(
      Effect.gen(function* () {
        const { jws, jwksServer } = yield* verifying(key, { doubtsMax: 3 })
        jwksServer.status = 503
        const unchecked = yield* ask(() => signedBy(key))
        const large = unchecked.replace(/\}$/u, `,"x":"${"x".repeat(callbackHeldBytesMax)}"}`)
        const { post } = yield* start({ jws }, undefined, { callbacksHeldPerMinuteMax: 2 })
        expect(yield* send(post, [large, large, large, large])).toEqual([413, 413, 413, 413])
        expect(yield* send(post, [unchecked, unchecked, unchecked, unchecked])).toEqual([202, 202, 503, 503])
        yield* TestClock.adjust("1 minute")
        expect(yield* send(post, [unchecked, unchecked])).toEqual([202, 401])
      }),
    ))

  test("leaves a doubt to callbacks about known loans, however many are about others", () =>
    run(
      Effect.gen(function* () {
        const { jws, jwksServer } = yield* verifying(key, { doubtsMax: 1 })
        jwksServer.status = 503
        const { applicationReference } = signedEvent
        const isKnown = (reference: string) => Effect.succeed(reference === applicationReference)
        const { post } = yield* start({ jws }, undefined, {}, { isKnown })
        const known = yield* ask(() => signedBy(key))
        const junk = known.replaceAll(applicationReference, "junk")
        expect(yield* send(post, [junk, junk, known, known])).toEqual([202, 401, 202, 401])
      }),
    ))
})

describe("callbacks with wrong credentials", () => {
  const guess = { authorization: "Basic d3Jvbmc=" }

  test("are answered with a wait once there are too many, and never delay callbacks with the right credentials", () =>
    run(
      Effect.gen(function* () {
        const limits = { callbacksUnauthorizedPerMinuteMax: 3 }
        const { post, seen } = yield* start({ credentials }, undefined, limits)
        const guesses = yield* Effect.forEach([1, 2, 3, 4, 5], () => ask(() => post(unsigned, guess)))
        expect(guesses.map(({ status }) => status)).toEqual([401, 401, 401, 429, 429])
        expect(guesses[0]?.headers.has("www-authenticate")).toBe(true)
        expect(guesses[3]?.body["code"]).toBe("unauthorized-too-many")
        expect(Number(guesses[3]?.headers.get("retry-after"))).toBeGreaterThan(0)
        expect((yield* ask(() => post(unsigned))).status).toBe(200)
        expect(seen).toHaveLength(1)
        yield* TestClock.adjust("1 minute")
        expect((yield* ask(() => post(unsigned, guess))).status).toBe(401)
      }),
    ))
})
