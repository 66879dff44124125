import { Effect, Fiber, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { beforeAll, describe, expect, test } from "vitest"
import { jwksLimitsDefault, makeJwks } from "../../src/signature/jwks.ts"
import type { Jwks } from "../../src/signature/jwks.ts"
import { jwksText, logged, makeKey, run, serve, serveAnswers } from "../support.ts"
import type { TestKey } from "../support.ts"

let first: TestKey
let second: TestKey
beforeAll(async () => {
  ;[first, second] = await Promise.all([makeKey("first"), makeKey("second")])
})

const { cooldownMs, freshMsMax, staleMsMax } = jwksLimitsDefault
const state = (jwks: Jwks, kid: string): Effect.Effect<string> =>
  Effect.map(jwks.lookUp(kid), (found) => found.state)

/** A bank whose JWKS answer the test can change to other keys or to a failure. */
const makeBank = Effect.gen(function* () {
  const answer = { status: 200, body: jwksText(first.publicJwk) }
  const seen = yield* serveAnswers((response) => response.writeHead(answer.status).end(answer.body))
  return { answer, requests: seen.requests, url: seen.url, jwks: yield* makeJwks({ url: seen.url }) }
})

describe("how often the set is fetched", () => {
  test("once for many questions, only after the first question, and with the API key", () =>
    run(
      Effect.gen(function* () {
        const { url, requests } = yield* serveAnswers((response) => response.end(jwksText(first.publicJwk)))
        const jwks = yield* makeJwks({ url: `${url}/jwks`, apiKey: Redacted.make("e3331b3687") })
        expect(requests.length).toBe(0)
        for (let round = 0; round < 5; round += 1) expect(yield* state(jwks, "first")).toBe("found")
        expect(requests.map(({ headers }) => headers["apikey"])).toEqual(["e3331b3687"])
      }),
    ))

  test("once for questions asked at the same time", () =>
    run(
      Effect.gen(function* () {
        const { jwks, requests } = yield* makeBank
        const kids = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? "first" : "nobody"))
        const states = yield* Effect.forEach(kids, (kid) => state(jwks, kid), { concurrency: "unbounded" })
        expect(new Set(states)).toEqual(new Set(["found", "unknown"]))
        expect(requests.length).toBe(1)
      }),
    ))

  test("again for an unknown kid, at most once per cooldown for all kids together", () =>
    run(
      Effect.gen(function* () {
        const { jwks, requests, answer } = yield* makeBank
        expect(yield* state(jwks, "second")).toBe("unknown")
        answer.body = jwksText(first.publicJwk, second.publicJwk)
        for (const kid of ["second", "third", "fourth"]) expect(yield* state(jwks, kid)).toBe("unavailable")
        expect(yield* state(jwks, "first")).toBe("found")
        expect(requests.length).toBe(1)
        yield* TestClock.adjust(cooldownMs)
        expect(yield* state(jwks, "second")).toBe("found")
        expect(requests.length).toBe(2)
      }),
    ))

  test("again once it is no longer fresh, so that a withdrawn key is forgotten", () =>
    run(
      Effect.gen(function* () {
        const { jwks, requests, answer } = yield* makeBank
        expect(yield* state(jwks, "first")).toBe("found")
        answer.body = jwksText(second.publicJwk)
        yield* TestClock.adjust(freshMsMax - 1)
        expect(yield* state(jwks, "first")).toBe("found")
        yield* TestClock.adjust(1)
        expect(yield* state(jwks, "first")).toBe("unknown")
        expect(requests.length).toBe(2)
      }),
    ))

  test("a clock that is set back does not freeze the cooldown", () =>
    run(
      Effect.gen(function* () {
        const { jwks, answer } = yield* makeBank
        yield* state(jwks, "first")
        answer.body = jwksText(second.publicJwk)
        yield* TestClock.setTime(1_000)
        expect(yield* state(jwks, "second")).toBe("found")
      }),
    ))
})

describe("when the set is not available", () => {
  test("a failed fetch starts the cooldown too", () =>
    run(
      Effect.gen(function* () {
        const { jwks, requests, answer } = yield* makeBank
        answer.status = 503
        for (let round = 0; round < 5; round += 1) expect(yield* state(jwks, "first")).toBe("unavailable")
        expect(requests.length).toBe(1)
        answer.status = 200
        yield* TestClock.adjust(cooldownMs)
        expect(yield* state(jwks, "first")).toBe("found")
        expect(requests.length).toBe(2)
      }),
    ))

  test("the last key set stays in use for a limited time", () =>
    run(
      Effect.gen(function* () {
        const { jwks, requests, answer } = yield* makeBank
        yield* state(jwks, "first")
        answer.status = 500
        yield* TestClock.adjust(freshMsMax)
        expect(yield* state(jwks, "first")).toBe("found")
        expect(yield* state(jwks, "first")).toBe("found")
        expect(requests.length).toBe(2)
        expect(yield* state(jwks, "second")).toBe("unavailable")
        yield* TestClock.adjust(staleMsMax - freshMsMax)
        expect(yield* state(jwks, "first")).toBe("unavailable")
      }),
    ))

  test("a kid does not count as unknown if the key set could not be fetched again", () =>
    run(
      Effect.gen(function* () {
        const { jwks, answer } = yield* makeBank
        yield* state(jwks, "first")
        answer.status = 500
        yield* TestClock.adjust(cooldownMs)
        expect(yield* state(jwks, "second")).toBe("unavailable")
      }),
    ))

  test("a host that never answers delays a request only by its time limit", () =>
    run(
      Effect.gen(function* () {
        let requests = 0
        const asked = Promise.withResolvers<void>()
        const url = yield* serve(() => {
          requests += 1
          asked.resolve()
        })
        const jwks = yield* makeJwks({ url })
        const waiting = yield* Effect.forkChild(state(jwks, "first"))
        yield* Effect.promise(() => asked.promise)
        yield* TestClock.adjust(jwksLimitsDefault.exchangeMsMax)
        expect(yield* Fiber.join(waiting)).toBe("unavailable")
        expect(yield* state(jwks, "first")).toBe("unavailable")
        expect(requests).toBe(1)
      }),
    ))

  test("a question that is cancelled does not cancel the fetch for the others", () =>
    run(
      Effect.gen(function* () {
        const asked = Promise.withResolvers<void>()
        const release = Promise.withResolvers<void>()
        const url = yield* serve((_request, response) => {
          asked.resolve()
          void release.promise.then(() => response.end(jwksText(first.publicJwk)))
        })
        const jwks = yield* makeJwks({ url })
        const impatient = yield* Effect.forkChild(state(jwks, "first"))
        yield* Effect.promise(() => asked.promise)
        const patient = yield* Effect.forkChild(state(jwks, "first"))
        yield* Fiber.interrupt(impatient)
        release.resolve()
        expect(yield* Fiber.join(patient)).toBe("found")
      }),
    ))

  test("a caller that waits is answered when the scope closes", () =>
    run(
      Effect.gen(function* () {
        const asked = Promise.withResolvers<void>()
        const url = yield* serve(() => asked.resolve())
        const [jwks, waiting] = yield* Effect.scoped(
          Effect.gen(function* () {
            const jwks = yield* makeJwks({ url })
            const waiting = yield* Effect.forkDetach(state(jwks, "first"))
            yield* Effect.promise(() => asked.promise)
            return [jwks, waiting] as const
          }),
        )
        expect(yield* Fiber.join(waiting)).toBe("unavailable")
        expect(yield* state(jwks, "first")).toBe("unavailable")
      }),
    ))

  test.each([
    ["is no JSON", "<html>"],
    ["is no key set", '{"keys":{}}'],
    ["is a list", "[]"],
    ["names a member twice", '{"keys":[],"keys":[]}'],
    ["holds too many keys", JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) })],
    ["is over the size limit", JSON.stringify({ keys: [], pad: "x".repeat(300_000) })],
  ])("an answer that %s is refused", (_title, body) =>
    run(
      Effect.gen(function* () {
        const { jwks, answer } = yield* makeBank
        answer.body = body
        expect(yield* state(jwks, "first")).toBe("unavailable")
      }),
    ),
  )

  test("a redirect is not followed", () =>
    run(
      Effect.gen(function* () {
        const elsewhere = yield* serveAnswers((response) => response.end(jwksText(first.publicJwk)))
        const { url } = yield* serveAnswers((response) =>
          response.writeHead(302, { location: elsewhere.url }).end(),
        )
        expect(yield* state(yield* makeJwks({ url }), "first")).toBe("unavailable")
        expect(elsewhere.requests.length).toBe(0)
      }),
    ))

  test("the log says so, without the API key", () =>
    run(
      Effect.gen(function* () {
        const { url } = yield* serveAnswers((response) => response.writeHead(403).end("e3331b3687"))
        yield* state(yield* makeJwks({ url, apiKey: Redacted.make("e3331b3687") }), "first")
        expect(logged.at(-1)).toContain("status 403")
        expect(logged.join("\n")).not.toContain("e3331b3687")
      }),
    ))
})

test.each([
  "http://apigw.resurs.com/jwks",
  "https://user:secret@apigw.resurs.com/jwks",
  "jwks",
  "file:///jwks",
])("the URL %s is refused", async (url) => {
  const error = await run(Effect.flip(makeJwks({ url })))
  expect(error._tag).toBe("JwksConfigError")
  expect(error.message).not.toContain("secret")
})

test("an empty list of algorithms is refused", async () => {
  const error = await run(Effect.flip(makeJwks({ url: "https://bank.example/jwks", algorithms: [] })))
  expect(error.message).toContain("RS256")
})
