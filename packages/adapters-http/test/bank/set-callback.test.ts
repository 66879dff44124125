import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import { setCallbackResponse } from "@loan-engine/adapters-xml/set-callback"
import { Effect, Redacted, Result } from "effect"
import { describe, expect, test } from "vitest"
import { bytesOf, logged, run } from "../support.ts"
import { reply, start } from "./support.ts"

describe("registering the callback URL", () => {
  const set = reply(setCallbackResponse.encode({ callbackSet: true, message: "Set callback successful" }))

  test("sends the credentials and their method", () =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(set)
        const authorization = { method: "BEARER" as const, credentials: Redacted.make("dG9rZW4=") }
        yield* client.setCallback({ callbackUrl: "https://agent.example/se", authorization })
        expect(Result.getOrThrow(decodeBankRequest(bytesOf(requests[0]?.body ?? ""))).request).toEqual({
          callbackUrl: "https://agent.example/se",
          callbackCredentials: "dG9rZW4=",
          callbackAuthMethod: "BEARER",
        })
      }),
    ))

  test.each([
    ["http://agent.com/url-to-callback", "dG9rZW4=", "https"],
    ["https://user:hunter2@agent.example/", "dG9rZW4=", "https"],
    ["agent.example", "dG9rZW4=", "https"],
    ["https://agent.example/se", "user:hunter2", "base64"],
  ])("%s with %s is refused before anything is sent", (callbackUrl, text, advice) =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(set)
        const authorization = { method: "BASIC" as const, credentials: Redacted.make(text) }
        const error = yield* Effect.flip(client.setCallback({ callbackUrl, authorization }))
        expect([error.reason._tag, requests.length]).toEqual(["RequestInvalid", 0])
        expect(error.message).toContain(advice)
        expect(error.message).not.toContain("hunter2")
      }),
    ),
  )

  test.each(["http://localhost:8080/se", "http://127.0.0.1/se", "http://[::1]:9/se"])(
    "%s is loopback",
    (callbackUrl) =>
      run(
        Effect.gen(function* () {
          const { client, requests } = yield* start(set)
          yield* client.setCallback({ callbackUrl })
          expect(requests.length).toBe(1)
        }),
      ),
  )

  test.each([
    ["testse", true],
    ["agent-se", false],
  ])("as %s warns that the account is shared: %s", (username, warns) =>
    run(
      Effect.gen(function* () {
        logged.length = 0
        const { client } = yield* start(set, {}, username)
        yield* client.setCallback({ callbackUrl: "https://agent.example/se" })
        expect(logged.some((line) => line.includes("shared by every integrator"))).toBe(warns)
      }),
    ),
  )
})
