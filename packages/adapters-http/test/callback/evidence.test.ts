import { Effect } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import { TestClock } from "effect/testing"
import { issuedAtAgeMaxMs } from "../../src/callback/receiver.ts"
import { jwksLimitsDefault, makeJwks } from "../../src/signature/jwks.ts"
import { makeJwsVerifier } from "../../src/signature/jws-verifier.ts"
import { epoch, jwksText, makeKey, run, serveAnswers, sign } from "../support.ts"
import type { TestKey } from "../support.ts"
import { ask, body, credentials, signedEvent, start, unsigned, verifying } from "./receiver-support.ts"

let key: TestKey
beforeAll(async () => {
  key = await makeKey("key-1")
})

describe("evidence", () => {
  test.each([
    [
      "jws",
      "bound",
      { iat: epoch / 1_000 - 60, externalApplicationEvent: signedEvent },
      "jws",
      undefined,
      200,
    ],
    ["nothing", "unbound", { iss: "bank" }, "none", "signature-unbound", 202],
  ])(
    "a genuine signature gives %s when its claims are %s",
    (_counts, _state, claims, evidence, hold, status) =>
      run(
        Effect.gen(function* () {
          const { jws } = yield* verifying(key)
          const { post, seen } = yield* start({ credentials, jws })
          const jwsData = yield* ask(() => sign(key, claims))
          const answer = yield* ask(() => post(body(` ${jwsData}`)))
          expect(answer.status).toBe(status)
          if (hold !== undefined) expect(answer.body).toEqual({ disposition: "held", reason: hold })
          expect([seen[0]?.evidence, seen[0]?.hold]).toEqual([evidence, hold])
        }),
      ),
  )

  test("a signature whose claims contradict the body is refused, even with credentials", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        const jwsData = yield* ask(() =>
          sign(key, { externalApplicationEvent: { ...signedEvent, applicationReference: "X" } }),
        )
        const answer = yield* ask(() => post(body(jwsData)))
        expect([answer.status, answer.body["code"], seen]).toEqual([401, "signature-contradicted", []])
      }),
    ))

  test("a signature alone is enough when no credentials are configured", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        expect((yield* ask(() => post(body(jwsData), { authorization: "" }))).status).toBe(200)
        expect(seen[0]?.evidence).toBe("jws")
      }),
    ))

  test("while the key set is unreachable the callback is held, even with credentials", () =>
    run(
      Effect.gen(function* () {
        const { jws, jwksServer } = yield* verifying(key)
        jwksServer.status = 503
        const { post, seen } = yield* start({ credentials, jws })
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        const answer = yield* ask(() => post(body(jwsData)))
        expect([answer.status, answer.body]).toEqual([
          202,
          { disposition: "held", reason: "signature-unverifiable" },
        ])
        expect([seen[0]?.evidence, seen[0]?.hold]).toEqual(["none", "signature-unverifiable"])
        // The events are kept with the held callback, so that a poll can confirm them.
        expect(seen[0]?.events).toEqual([{ type: "agreement.signed", at: epoch }])
      }),
    ))

  test.each([[{}], [false], [7], [["a.b.c", "d.e.f"]]])(
    "jwsData %j is held, and does not count as a callback without a signature",
    (jwsData) =>
      run(
        Effect.gen(function* () {
          const { jws, requests } = yield* verifying(key)
          const { post, seen } = yield* start({ credentials, jws })
          const sent = JSON.stringify({ externalApplicationEvent: signedEvent, jwsData })
          const answer = yield* ask(() => post(sent))
          expect([answer.status, answer.body]).toEqual([
            202,
            { disposition: "held", reason: "signature-unverifiable" },
          ])
          expect([seen[0]?.evidence, seen[0]?.hold]).toEqual(["none", "signature-unverifiable"])
          expect(requests).toHaveLength(0)
        }),
      ),
  )

  test("a callback without a signature needs credentials, if credentials are configured", () =>
    run(
      Effect.gen(function* () {
        const { jws, requests } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        expect((yield* ask(() => post(body("  ")))).status).toBe(200)
        expect([seen[0]?.evidence, requests.length]).toEqual(["credentials", 0])
      }),
    ))

  test("without a key set jwsData is ignored", () =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ allowUnauthenticated: true })
        expect((yield* ask(() => post(body("garbage"), { authorization: "" }))).status).toBe(202)
        expect([seen[0]?.evidence, seen[0]?.hold]).toEqual(["none", "no-evidence"])
      }),
    ))

  test("an unknown event type is held, with no events", () =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ credentials })
        const event = { ...signedEvent, applicationEventType: "WITHDRAWN" }
        const answer = yield* ask(() => post(JSON.stringify({ externalApplicationEvent: event })))
        expect([answer.status, answer.body]).toEqual([
          202,
          { disposition: "held", reason: "unknown-event-type" },
        ])
        expect(seen).toMatchObject([{ evidence: "credentials", hold: "unknown-event-type", events: [] }])
      }),
    ))
})

describe("a signature that cannot be judged", () => {
  const doubtsMax = 3
  const bank = Effect.gen(function* () {
    const published = { key }
    const { url } = yield* serveAnswers((response) => response.end(jwksText(published.key.publicJwk)))
    const jws = makeJwsVerifier({ jwks: yield* makeJwks({ url, limits: { doubtsMax } }) })
    const stranger = yield* ask(() => makeKey(key.kid))
    const forged = yield* ask(() => sign(stranger, { externalApplicationEvent: signedEvent }))
    const unknown = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }, { kid: "new" }))
    const genuine = () => ask(() => sign(published.key, { externalApplicationEvent: signedEvent }))
    return {
      published,
      jws,
      forgeries: [forged, unknown, unknown, forged, unknown, unknown],
      forged,
      genuine,
    }
  })
  const sent = (jwsData: unknown): string =>
    JSON.stringify({ externalApplicationEvent: signedEvent, jwsData })

  test("is held within the cooldown, but only a limited number of times between two changes of the key set", () =>
    run(
      Effect.gen(function* () {
        const { published, jws, forgeries, forged, genuine } = yield* bank
        const { post, seen } = yield* start({ jws })
        const status = (jwsData: unknown) =>
          Effect.map(
            ask(() => post(sent(jwsData))),
            (answer) => answer.status,
          )
        const statuses = Effect.forEach(forgeries, status)
        expect(yield* status(yield* genuine())).toBe(200)
        expect(yield* statuses).toEqual([202, 202, 202, 401, 401, 401])
        // A fetch that returns the same keys does not allow new held callbacks. Otherwise a forger could have some
        // callbacks held after each fetch.
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        expect(yield* status(forged)).toBe(401)
        expect(new Set(yield* statuses)).toEqual(new Set([401]))
        expect(seen).toHaveLength(1 + doubtsMax)
        published.key = yield* ask(() => makeKey(key.kid))
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        expect(yield* status(yield* genuine())).toBe(200)
        expect(yield* statuses).toEqual([202, 202, 202, 401, 401, 401])
      }),
    ))

  test("is always held if the credentials are right", () =>
    run(
      Effect.gen(function* () {
        const { jws, forgeries, genuine } = yield* bank
        const { post } = yield* start({ jws, credentials })
        yield* Effect.flatMap(genuine(), (jwsData) => ask(() => post(sent(jwsData))))
        for (const jwsData of forgeries) expect((yield* ask(() => post(sent(jwsData)))).status).toBe(202)
      }),
    ))
})

describe("a reference that no loan can have", () => {
  const event = { ...signedEvent, applicationReference: "x".repeat(513) }
  const text = JSON.stringify({ externalApplicationEvent: event })

  test("is stored and held if the callback has credentials or a signature", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: event }))
        const vouched = [
          { account: { credentials }, sent: text, evidence: "credentials" },
          { account: { jws }, sent: body(jwsData, event), evidence: "jws" },
        ]
        for (const { account, sent, evidence } of vouched) {
          const { post, seen } = yield* start(account)
          const answer = yield* ask(() => post(sent))
          expect([answer.status, answer.body]).toEqual([
            202,
            { disposition: "held", reason: "reference-unusable" },
          ])
          expect(seen).toMatchObject([{ evidence, hold: "reference-unusable", events: [{ at: epoch }] }])
        }
      }),
    ))

  test("is refused, with its reason, if the callback has no evidence or another signer", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws, allowUnauthenticated: true })
        const unsignedAnswer = yield* ask(() => post(text))
        expect([unsignedAnswer.status, unsignedAnswer.body["field"]]).toEqual([
          400,
          "externalApplicationEvent.applicationReference",
        ])
        const unbound = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        expect((yield* ask(() => post(body(unbound, event)))).status).toBe(401)
        expect(seen).toEqual([])
      }),
    ))
})

describe("a signed token", () => {
  test.each([
    ["identifies a message if it says when it was issued", { iat: epoch / 1_000 }, true],
    ["identifies none otherwise: a second request may have the same token", {}, false],
  ])("%s", (_title, claims, identifies) =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const jwsData = yield* ask(() => sign(key, { ...claims, externalApplicationEvent: signedEvent }))
        expect((yield* ask(() => post(body(jwsData)))).status).toBe(200)
        expect(seen).toMatchObject([{ evidence: "jws" }])
        expect(seen[0]?.issued === true).toBe(identifies)
      }),
    ),
  )
})

describe("when the callback was true", () => {
  test.each([
    ["a whole second stands for its last millisecond", -90, epoch - 90_000 + 999],
    ["but never for a time after the receipt", 0, epoch],
    ["a fraction of a second is taken as it is", -90.5, epoch - 90_500],
    ["the oldest age that is believed", -issuedAtAgeMaxMs / 1_000, epoch - issuedAtAgeMaxMs + 999],
    ["an older one is not, and yet refuses nothing", -issuedAtAgeMaxMs / 1_000 - 1, epoch],
    ["a clock ahead of ours is believed up to the receipt", 86_400, epoch],
    ["so are milliseconds in the place of seconds", epoch, epoch],
    ["a negative time is not", -1e12, epoch],
  ])("%s", (_title, offset, at) =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const claims = { iat: epoch / 1_000 + offset, externalApplicationEvent: signedEvent }
        const jwsData = yield* ask(() => sign(key, claims))
        expect((yield* ask(() => post(body(jwsData)))).status).toBe(200)
        expect(seen[0]).toMatchObject({ receivedAt: epoch, events: [{ at }] })
      }),
    ),
  )

  test("an expired signature is no reason to refuse: a retry may be days old", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ jws })
        const claims = { exp: epoch / 1_000 - 86_400, externalApplicationEvent: signedEvent }
        const jwsData = yield* ask(() => sign(key, claims))
        expect((yield* ask(() => post(body(jwsData)))).status).toBe(200)
        expect(seen[0]?.evidence).toBe("jws")
      }),
    ))
})

describe("an account's trust policy", () => {
  const decision = {
    ...signedEvent,
    applicationEventType: "CREDIT_DECISION_UPDATED",
    creditDecision: { creditDecision: "REJECTED" },
  }
  const unsignedOf = (event: object): string => JSON.stringify({ externalApplicationEvent: event })

  test("holds a callback whose evidence is weaker than the policy requires for its type, and holds no other type", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const trustPolicy = { CREDIT_DECISION_UPDATED: "jws" } as const
        const { post, seen } = yield* start({ credentials, jws, trustPolicy })
        const answer = yield* ask(() => post(unsignedOf(decision)))
        expect([answer.status, answer.body]).toEqual([
          202,
          { disposition: "held", reason: "evidence-too-weak" },
        ])
        expect(seen[0]).toMatchObject({ evidence: "credentials", hold: "evidence-too-weak" })
        expect((yield* ask(() => post(unsigned))).status).toBe(200)
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: decision }))
        expect((yield* ask(() => post(body(jwsData, decision)))).status).toBe(200)
      }),
    ))

  test("can require the bank's own answer for a type, for any evidence of the callback", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws, trustPolicy: { SIGNED: "bank" } })
        const jwsData = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        expect((yield* ask(() => post(body(jwsData)))).status).toBe(202)
        expect(seen[0]).toMatchObject({ evidence: "jws", hold: "evidence-too-weak" })
      }),
    ))
})

describe("the claim that carries the event", () => {
  test("can be configured, and then no other claim is read", () =>
    run(
      Effect.gen(function* () {
        const { jwks } = yield* verifying(key)
        const jws = makeJwsVerifier({ jwks, eventClaim: "evt" })
        const { post } = yield* start({ credentials, jws })
        const named = yield* ask(() => sign(key, { evt: signedEvent }))
        const elsewhere = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }))
        expect((yield* ask(() => post(body(named)))).status).toBe(200)
        expect((yield* ask(() => post(body(elsewhere)))).body).toMatchObject({ reason: "signature-unbound" })
      }),
    ))
})

describe("a kid that the bank does not publish", () => {
  test("is refused if the key set was just fetched, and held while the set cannot be fetched again", () =>
    run(
      Effect.gen(function* () {
        const { jws, requests } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        const strange = yield* ask(() => sign(key, { externalApplicationEvent: signedEvent }, { kid: "new" }))
        expect((yield* ask(() => post(body(strange)))).status).toBe(401)
        // The bank may have begun to use this key after the last fetch. A refusal could lose a genuine callback;
        // holding it loses nothing.
        expect((yield* ask(() => post(body(strange)))).body).toMatchObject({
          reason: "signature-unverifiable",
        })
        expect(seen).toMatchObject([{ evidence: "none", hold: "signature-unverifiable" }])
        expect(requests.length).toBe(1)
        yield* TestClock.adjust(jwksLimitsDefault.cooldownMs)
        expect((yield* ask(() => post(body(strange)))).status).toBe(401)
        expect(requests.length).toBe(2)
      }),
    ))
})
