import { brotliCompressSync, gzipSync } from "node:zlib"
import type { ServerResponse } from "node:http"
import { decodeBankRequest } from "@loan-engine/adapters-xml/bank-request"
import { acceptQuoteResponse } from "@loan-engine/adapters-xml/accept-quote"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { setCallbackResponse } from "@loan-engine/adapters-xml/set-callback"
import { submitApplicationExtResponse } from "@loan-engine/adapters-xml/submit-application-ext"
import { updateApplicationResponse } from "@loan-engine/adapters-xml/update-application"
import { Effect, Fiber, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import { makeBankClient } from "../../src/bank/client.ts"
import type { BankClient } from "../../src/bank/client.ts"
import type { BankError } from "../../src/bank/error.ts"
import { bytesOf, epoch, exampleText, run, serve } from "../support.ts"
import { password, reference, reply, start, status, xml } from "./support.ts"

describe("a question to the bank", () => {
  test("is SOAP 1.1 over POST with Basic authentication", () =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(reply(status))
        const answer = yield* client.getApplicationStatus(reference)
        expect(answer.message).toEqual({ waitingForAddition: true, paidOut: false })
        expect([Buffer.from(answer.raw).equals(status), answer.sentAt]).toEqual([true, epoch])
        const [request] = requests
        expect(request?.headers).toMatchObject({
          "content-type": "text/xml; charset=utf-8",
          soapaction: '""',
          authorization: `Basic ${Buffer.from("agent-se:hunter2:å", "utf8").toString("base64")}`,
        })
        const sent = decodeBankRequest(bytesOf(request?.body ?? ""))
        expect(sent).toEqual(
          Result.succeed({
            operation: "getApplicationStatus",
            request: { applicationReference: reference },
          }),
        )
      }),
    ))

  test.each<[string, Uint8Array, string]>([
    ["that a proxy has packed", gzipSync(status), "gzip"],
    ["in brotli", brotliCompressSync(status), "br"],
    ["that is packed and does not say so", gzipSync(status), ""],
    ["that says it is packed and is not", status, "gzip"],
  ])("accepts an answer %s, although it asked for one without compression", (_title, sent, coding) =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(reply(sent, 200, { ...xml, "content-encoding": coding }))
        const answer = yield* client.getApplicationStatus(reference)
        expect(answer.message).toEqual({ waitingForAddition: true, paidOut: false })
        expect(Buffer.from(answer.raw).equals(status)).toBe(true)
        expect(requests[0]?.headers["accept-encoding"]).toBe("identity")
      }),
    ),
  )

  test("has a time from before it is sent, even if the bank answers late", () =>
    run(
      Effect.gen(function* () {
        const asked = Promise.withResolvers<ServerResponse>()
        const url = yield* serve((_request, response) => asked.resolve(response))
        const client = yield* makeBankClient({ url, username: "agent-se", password })
        const waiting = yield* Effect.forkChild(client.getApplicationStatus(reference))
        const response = yield* Effect.promise(() => asked.promise)
        yield* TestClock.adjust(9_000)
        response.end(status)
        expect((yield* Fiber.join(waiting)).sentAt).toBe(epoch)
      }),
    ))

  const quote = { applicationReference: reference, decision: "APPROVED" as const, offer: {} }
  const operations: ReadonlyArray<
    readonly [
      string,
      Uint8Array,
      (client: BankClient) => Effect.Effect<{ readonly message: unknown }, BankError>,
      unknown,
    ]
  > = [
    [
      "getApplicationQuote",
      getApplicationQuoteResponse.encode(quote),
      (client) => client.getApplicationQuote(reference),
      quote,
    ],
    [
      "submitApplicationExt",
      submitApplicationExtResponse.encode(quote),
      (client) => client.submitApplicationExt({ xml: "<resurs-response/>", consumerIp: "127.0.0.1" }),
      quote,
    ],
    [
      "updateApplication",
      updateApplicationResponse.encode({ updated: true }),
      (client) =>
        client.updateApplication({ applicationReference: reference, application: { iban: "FI21" } }),
      { updated: true },
    ],
    [
      "acceptQuote",
      acceptQuoteResponse.encode({ accepted: true }),
      (client) => client.acceptQuote(reference),
      { accepted: true },
    ],
    [
      "setCallback",
      setCallbackResponse.encode({ callbackSet: true }),
      (client) => client.setCallback({ callbackUrl: "https://agent.example/se" }),
      { callbackSet: true },
    ],
  ]
  test.each(operations)("%s asks and answers", (operation, body, call, message) =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(reply(body))
        expect((yield* call(client)).message).toEqual(message)
        const sent = decodeBankRequest(bytesOf(requests[0]?.body ?? ""))
        expect(Result.getOrThrow(sent).operation).toBe(operation)
      }),
    ),
  )

  test("an answer is read in the character set that its header names", async () => {
    const told = Buffer.from(setCallbackResponse.encode({ callbackSet: true, message: "Återställd" }))
    const answer = await run(
      Effect.gen(function* () {
        const latin1 = Buffer.from(told.toString().replace(/<\?xml[^>]*\?>/u, ""), "latin1")
        const { client } = yield* start(
          reply(latin1, 200, { "content-type": "text/xml; charset=ISO-8859-1" }),
        )
        return yield* client.setCallback({ callbackUrl: "https://agent.example/se" })
      }),
    )
    expect(answer.message.message).toBe("Återställd")
  })

  test("the bank page's own answer is read, despite the placeholders for its booleans in the template", async () => {
    const page = exampleText("get-application-status-response.xml")
    const told = page
      .replace(/true\|false/gu, "true")
      .replace("E_SIGN|ANALOG", "E_SIGN")
      .replace("E_SIGN|MANUAL", "E_SIGN")
    const answer = await run(
      Effect.gen(function* () {
        const { client } = yield* start(reply(told))
        return yield* client.getApplicationStatus(reference)
      }),
    )
    expect(answer.message).toMatchObject({
      waitingForAddition: true,
      signedWithMethod: "E_SIGN",
      paidOut: true,
    })
  })
})

test("no failed request is sent again", () =>
  run(
    Effect.gen(function* () {
      const { client, requests } = yield* start(reply("", 502))
      yield* Effect.flip(client.getApplicationStatus(reference))
      yield* Effect.flip(client.getApplicationQuote(reference))
      yield* Effect.flip(client.setCallback({ callbackUrl: "https://agent.example/se" }))
      yield* Effect.flip(client.acceptQuote(reference))
      yield* Effect.flip(client.submitApplicationExt({ xml: "<a/>", consumerIp: "127.0.0.1" }))
      expect(requests.length).toBe(5)
    }),
  ))

test.each([
  ["a URL without TLS", { url: "http://test.resurs.com/cl-webservice/ApplicationService" }],
  ["a URL that looks like loopback", { url: "http://127.0.0.1.example.com/" }],
  ["a URL with a password in it", { url: "https://user:hunter2@test.resurs.com/" }],
  ["no URL", { url: "test.resurs.com" }],
  ["a user name with a colon", { username: "a:b" }],
  ["a user name with a line break", { username: "a\r\nb" }],
  ["no password", { password: Redacted.make("") }],
])("a client with %s is refused", async (_title, options) => {
  const url = "https://test.resurs.com/cl-webservice/ApplicationService"
  const error = await run(Effect.flip(makeBankClient({ url, username: "agent-se", password, ...options })))
  expect(error._tag).toBe("BankConfigError")
  expect(error.message).not.toContain("hunter2")
})
