import { Effect } from "effect"
import { describe, expect, test } from "vitest"
import { epoch, logged, run } from "../support.ts"
import { ask, credentials, signedEvent, start, unsigned } from "./receiver-support.ts"

describe("what is refused", () => {
  const big = JSON.stringify({ pad: "x".repeat(70_000) })
  test.each([
    ["an unknown account", unsigned, {}, "no", 404, "account-unknown"],
    ["an account named like a built-in", unsigned, {}, "__proto__", 404, "account-unknown"],
    ["a body over the limit", big, {}, "se", 413, "body-too-large"],
    ["a body of another type", unsigned, { "content-type": "text/xml" }, "se", 415, "media-type-unsupported"],
    ["wrong credentials", unsigned, { authorization: "Basic d3Jvbmc=" }, "se", 401, "unauthorized"],
    ["no credentials", unsigned, { authorization: "" }, "se", 401, "unauthorized"],
    ["an empty body", undefined, {}, "se", 400, "json-invalid"],
    ["a body that is no JSON", "SIGNED", {}, "se", 400, "json-invalid"],
    ["a body that is no UTF-8", Uint8Array.from([0x22, 0xff, 0x22]), {}, "se", 400, "field-invalid"],
    [
      "an event twice",
      '{"externalApplicationEvent":{},"externalApplicationEvent":{"a":1}}',
      {},
      "se",
      400,
      "field-invalid",
    ],
    ["a body without the event", "{}", {}, "se", 400, "field-invalid"],
  ])("%s", (_title, sent, headers, account, status, code) =>
    run(
      Effect.gen(function* () {
        const { post, seen, receiver } = yield* start({ credentials })
        const answer = yield* ask(() => post(sent, headers as Record<string, string>, account))
        expect(answer.status).toBe(status)
        expect(answer.headers.get("content-type")).toBe("application/problem+json")
        expect(answer.body).toMatchObject({ status, code, type: `urn:loan-engine:callback:${code}` })
        expect(typeof answer.body["title"]).toBe("string")
        expect(typeof answer.body["detail"]).toBe("string")
        expect(seen).toEqual([])
        expect(receiver.rejections.recent()).toMatchObject([{ at: epoch, code }])
        expect(receiver.rejections.counts()).toEqual(new Map([[code, 1]]))
      }),
    ),
  )

  test.each(["PUT", "DELETE", "PATCH"])("%s, saying what is allowed", (method) =>
    run(
      Effect.gen(function* () {
        const { url } = yield* start({ credentials })
        const response = yield* ask(() => fetch(`${url}/se`, { method }))
        expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"])
      }),
    ),
  )

  test("a malformed field is named, and its value is not repeated", () =>
    run(
      Effect.gen(function* () {
        const { post, receiver } = yield* start({ allowUnauthenticated: true })
        const event = { ...signedEvent, applicationReference: { name: "Anna Andersson" } }
        const answer = yield* ask(() => post(JSON.stringify({ externalApplicationEvent: event })))
        const field = "externalApplicationEvent.applicationReference"
        expect([answer.status, answer.body["field"]]).toEqual([400, field])
        expect(receiver.rejections.recent()).toEqual([
          { at: epoch, code: "field-invalid", account: "se", field },
        ])
        expect(JSON.stringify([answer.body, receiver.rejections.recent()])).not.toContain("Anna")
      }),
    ))

  test("a 401 says how to authorize, and nothing of what was sent or expected", () =>
    run(
      Effect.gen(function* () {
        const { post, receiver } = yield* start({ credentials })
        const answer = yield* ask(() => post(unsigned, { authorization: "Basic c2VjcmV0" }))
        expect(answer.headers.get("www-authenticate")).toBe('Basic realm="callback"')
        const told = JSON.stringify([answer.body, receiver.rejections.recent(), logged])
        expect(told).not.toContain("c2VjcmV0")
        expect(told).not.toContain("dXNlcjpwYXNz")
      }),
    ))

  test("the name of an unknown account is not stored", () =>
    run(
      Effect.gen(function* () {
        const { post, receiver } = yield* start({ credentials })
        yield* ask(() => post(unsigned, {}, "someone"))
        expect(receiver.rejections.recent()).toEqual([{ at: epoch, code: "account-unknown" }])
      }),
    ))
})
