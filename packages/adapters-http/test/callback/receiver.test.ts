import { Effect, Redacted } from "effect"
import { beforeAll, describe, expect, test } from "vitest"
import type { CallbackCredentials } from "../../src/http/authorization.ts"
import { makeCallbackReceiver, RecordUnavailable } from "../../src/callback/receiver.ts"
import { epoch, example, exampleText, logged, makeKey, recorder, run } from "../support.ts"
import type { TestKey } from "../support.ts"
import { ask, authorization, credentials, start, unsigned, verifying } from "./receiver-support.ts"

let key: TestKey
beforeAll(async () => {
  key = await makeKey("key-1")
})

describe("the bank's examples, verbatim", () => {
  test.each([
    ["signed.json", "ABC-123", "agreement.signed"],
    ["credit-decision-approved.json", "abc-123-def-567", "decision.approved"],
    ["credit-decision-rejected.json", "abc-123-def-567", "decision.rejected"],
    ["waiting-for-addition.json", "abc-123-def-567", "addition.requested"],
    ["paid-out.json", "ABC-123", "loan.paidOut"],
  ])("%s with the registered credentials is recorded and acknowledged", (file, applicationReference, type) =>
    run(
      Effect.gen(function* () {
        const { post, seen } = yield* start({ credentials })
        const answer = yield* ask(() => post(example(file)))
        expect([answer.status, answer.body]).toEqual([200, { disposition: "advanced" }])
        expect(seen).toMatchObject([
          {
            applicationReference,
            account: "se",
            source: "callback",
            evidence: "credentials",
            receivedAt: epoch,
            events: [{ type, at: epoch }],
          },
        ])
        expect(seen[0]?.hold).toBeUndefined()
      }),
    ),
  )

  test("the original bytes are recorded unchanged", () =>
    run(
      Effect.gen(function* () {
        const raw: Array<string> = []
        const { post } = yield* start({ credentials }, (_observation, bytes) =>
          Effect.sync(() => {
            raw.push(Buffer.from(bytes).toString())
            return { disposition: "noted" as const }
          }),
        )
        const answer = yield* ask(() => post(example("paid-out.json")))
        expect(answer.body).toEqual({ disposition: "noted" })
        expect(raw).toEqual([exampleText("paid-out.json")])
      }),
    ))

  test("their jwsData is not a genuine signature, as a configured key set shows", () =>
    run(
      Effect.gen(function* () {
        const { jws } = yield* verifying(key)
        const { post, seen } = yield* start({ credentials, jws })
        const answer = yield* ask(() => post(example("signed.json")))
        expect([answer.status, answer.body["code"]]).toEqual([401, "signature-invalid"])
        expect(seen).toEqual([])
      }),
    ))
})

describe("recording", () => {
  test("a store that is not available answers 503 and when to send again", () =>
    run(
      Effect.gen(function* () {
        const { post, receiver } = yield* start({ credentials }, () =>
          Effect.fail(new RecordUnavailable({ retryAfterSeconds: 2.5, message: "disk of Anna is full" })),
        )
        const answer = yield* ask(() => post(unsigned))
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"])
        expect(JSON.stringify([answer.body, receiver.rejections.recent()])).not.toContain("Anna")
        expect(receiver.rejections.counts().get("store-unavailable")).toBe(1)
      }),
    ))

  test("a defect is answered 500 without details; the log has the place but no content", () =>
    run(
      Effect.gen(function* () {
        const defect = new TypeError("cannot store Anna Andersson")
        const { post } = yield* start({ credentials }, () => Effect.die(defect))
        const answer = yield* ask(() => post(unsigned))
        expect([answer.status, answer.body["code"]]).toEqual([500, "internal-error"])
        expect(JSON.stringify(answer.body)).not.toMatch(/Anna|TypeError|\.ts/u)
        expect(logged.at(-1)).toContain("TypeError")
        expect(logged.at(-1)).toContain("callback/receiver.test.ts")
        expect(logged.join("\n")).not.toContain("Anna")
      }),
    ))

  test("a reason for holding that recording finds is in the answer", () =>
    run(
      Effect.gen(function* () {
        const { post } = yield* start({ credentials }, () =>
          Effect.succeed({ disposition: "held", hold: "account-mismatch" }),
        )
        const answer = yield* ask(() => post(unsigned))
        expect([answer.status, answer.body]).toEqual([
          202,
          { disposition: "held", reason: "account-mismatch" },
        ])
      }),
    ))

  test.each(["noted", "repeated", "disputed"] as const)("%s is acknowledged with 200", (disposition) =>
    run(
      Effect.gen(function* () {
        const { post } = yield* start({ credentials }, () => Effect.succeed({ disposition }))
        const answer = yield* ask(() => post(unsigned))
        expect([answer.status, answer.body]).toEqual([200, { disposition }])
      }),
    ),
  )
})

describe("starting", () => {
  test.each([
    ["neither credentials nor a key set", { se: {} }, "allowUnauthenticated: true"],
    ["an empty list of credentials", { se: { credentials: [] } }, "allowUnauthenticated: true"],
    ["an account's name that is no path segment", { "s/e": { credentials } }, "letters, digits"],
    [
      "credentials that are not base64",
      { se: { credentials: [{ method: "BASIC" as const, credentials: Redacted.make("user:hunter2") }] } },
      "base64",
    ],
  ])("%s is refused, and the error names the setting", async (_title, accounts, advice) => {
    const error = await run(Effect.flip(makeCallbackReceiver({ accounts, record: recorder().record })))
    expect([error._tag, error.message.includes(advice)]).toEqual(["CallbackConfigError", true])
    expect(error.message).not.toContain("hunter2")
  })

  test("each account has credentials of its own", () =>
    run(
      Effect.gen(function* () {
        const { record, seen } = recorder()
        const norwegian: ReadonlyArray<CallbackCredentials> = [
          { method: "BEARER", credentials: Redacted.make("bm8=") },
        ]
        const accounts = { se: { credentials }, no: { credentials: norwegian } }
        const receiver = yield* makeCallbackReceiver({ accounts, record })
        const send = (account: string, header: string): Effect.Effect<number> =>
          Effect.map(
            receiver.receive(account, {
              method: "POST",
              headers: new Headers({ authorization: header }),
              body: new Blob([unsigned]).stream(),
            }),
            ({ status }) => status,
          )
        expect(yield* send("no", authorization)).toBe(401)
        expect(yield* send("no", "Bearer bm8=")).toBe(200)
        expect(seen.map(({ account }) => account)).toEqual(["no"])
      }),
    ))
})
