import type { ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import { acceptQuoteResponse } from "@loan-engine/adapters-xml/accept-quote"
import { getApplicationQuoteResponse } from "@loan-engine/adapters-xml/get-application-quote"
import { encodeSoapFault } from "@loan-engine/adapters-xml/soap-envelope"
import { SoapFault } from "@loan-engine/adapters-xml/soap-fault"
import { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import { bankClientLimitsDefault, makeBankClient } from "../../src/bank/client.ts"
import type { BankClientLimits } from "../../src/bank/client.ts"
import { epoch, run, serve, serveAnswers } from "../support.ts"
import { failing, password, reference, reply, start, status, xml } from "./support.ts"

describe("no answer", () => {
  const fault = encodeSoapFault(new SoapFault({ code: "Client", text: "Anna's application is unknown" }))

  test.each<readonly [string, (response: ServerResponse) => void, object]>([
    [
      "a SOAP fault with status 500",
      reply(fault, 500),
      { _tag: "Fault", code: "Client", text: "Anna's application is unknown" },
    ],
    ["a SOAP fault with status 200", reply(fault), { _tag: "Fault", code: "Client" }],
    ["status 401", reply("", 401), { _tag: "Unauthorized", status: 401 }],
    ["status 403", reply(fault, 403), { _tag: "Unauthorized", status: 403 }],
    ["status 429", reply("", 429, { "retry-after": "7" }), { _tag: "RateLimited", retryAfterSeconds: 7 }],
    ["status 429 without a time", reply("", 429, {}), { _tag: "RateLimited" }],
    [
      "status 503 and a date",
      reply("", 503, { "retry-after": new Date(epoch + 90_000).toUTCString() }),
      { _tag: "Unavailable", status: 503, retryAfterSeconds: 90 },
    ],
    [
      "status 503 and a date that is past",
      reply("", 503, { "retry-after": new Date(epoch - 90_000).toUTCString() }),
      { _tag: "Unavailable", retryAfterSeconds: 0 },
    ],
    [
      "status 503 and an absurd time",
      reply("", 503, { "retry-after": "99999999999" }),
      { _tag: "Unavailable", retryAfterSeconds: 86_400 },
    ],
    [
      "status 503 and a word",
      reply("", 503, { "retry-after": "soon" }),
      { _tag: "Unavailable", status: 503 },
    ],
    ["status 500 without a fault", reply("<html>", 500), { _tag: "Unavailable", status: 500 }],
    ["status 500 with an answer", reply(status, 500), { _tag: "Unavailable", status: 500 }],
    ["status 404 with a fault", reply(fault, 404), { _tag: "Unavailable", status: 404 }],
    ["a page of HTML", reply("<html><body>Maintenance</body></html>"), { _tag: "Malformed" }],
    ["an empty answer", reply(""), { _tag: "Malformed" }],
    [
      "another operation's answer",
      reply(acceptQuoteResponse.encode({ accepted: true })),
      { _tag: "Malformed", code: "unexpected-element" },
    ],
    ["a connection that breaks", (response) => response.destroy(), { _tag: "ConnectionBroken" }],
    [
      "an answer that breaks",
      (response) => {
        response.writeHead(200, { "content-length": "999" })
        response.write("<a>")
        response.destroy()
      },
      { _tag: "ConnectionBroken" },
    ],
  ])("%s", async (_title, answer, reason) => {
    const error = await failing(answer)
    expect(error.reason).toMatchObject(reason)
    expect(error.message).toMatch(/^getApplicationStatus: /u)
    expect(error.message).not.toMatch(/Anna|hunter2/u)
  })

  test("a bank that does not run refuses the connection", async () => {
    const url = await run(serve(() => undefined))
    const error = await run(
      Effect.gen(function* () {
        const client = yield* makeBankClient({ url, username: "agent-se", password })
        return yield* Effect.flip(client.getApplicationStatus(reference))
      }),
    )
    expect(error.reason).toEqual(expect.objectContaining({ _tag: "Refused", code: "ECONNREFUSED" }))
  })

  test("an answer over the limit is not read to its end", async () => {
    const error = await failing((response) => {
      response.writeHead(200, xml)
      const more = (): void => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
      }
      response.on("drain", more)
      more()
    })
    const { responseBytesMax } = bankClientLimitsDefault
    expect(error.reason).toMatchObject({ _tag: "TooLarge", responseBytesMax })
  })

  test("an answer that decompresses to more than the limit is not read to its end", async () => {
    const { responseBytesMax } = bankClientLimitsDefault
    const bomb = gzipSync(Buffer.alloc(responseBytesMax + 1, " "))
    const error = await failing(reply(bomb, 200, { ...xml, "content-encoding": "gzip" }))
    expect(error.reason).toMatchObject({ _tag: "TooLarge", responseBytesMax })
  })

  test("a compressed answer that ends early counts as a broken connection", async () => {
    const cut = gzipSync(status).subarray(0, 30)
    const error = await failing(reply(cut, 200, { ...xml, "content-encoding": "gzip" }))
    expect(error.reason).toMatchObject({ _tag: "ConnectionBroken", code: "Z_BUF_ERROR" })
  })

  test.each<readonly [string, Partial<BankClientLimits>, (response: ServerResponse) => void]>([
    ["headers", { headersMsMax: 20 }, () => undefined],
    [
      "the rest of the body",
      { bodyIdleMsMax: 20 },
      (response) => void response.writeHead(200, xml).write("<a>"),
    ],
  ])("a bank that delays %s times out", async (_title, limits, answer) => {
    expect((await failing(answer, limits)).reason).toMatchObject({ _tag: "TimedOut" })
  })

  test("a bank that sends single bytes without end times out", () =>
    run(
      Effect.gen(function* () {
        const asked = Promise.withResolvers<void>()
        const { client } = yield* start((response) => {
          response.writeHead(200, xml).write(" ")
          asked.resolve()
        })
        const waiting = yield* Effect.forkChild(Effect.flip(client.getApplicationStatus(reference)))
        yield* Effect.promise(() => asked.promise)
        yield* TestClock.adjust(bankClientLimitsDefault.exchangeMsMax)
        const { reason } = yield* Fiber.join(waiting)
        expect(reason).toMatchObject({ _tag: "TimedOut", code: "EXCHANGE_TIMEOUT" })
      }),
    ))

  test("a redirect is not followed, so the password goes nowhere else", () =>
    run(
      Effect.gen(function* () {
        const elsewhere = yield* serveAnswers(reply(status))
        const { client } = yield* start(reply("", 307, { location: elsewhere.url }))
        const { reason } = yield* Effect.flip(client.getApplicationStatus(reference))
        expect(reason).toMatchObject({ _tag: "Unavailable", status: 307 })
        expect(elsewhere.requests.length).toBe(0)
      }),
    ))

  test("a quote about another loan is refused", () =>
    run(
      Effect.gen(function* () {
        const other = ApplicationReference.make("other")
        const body = getApplicationQuoteResponse.encode({
          applicationReference: other,
          decision: "REJECTED",
          offer: {},
        })
        const { client } = yield* start(reply(body))
        const { reason } = yield* Effect.flip(client.getApplicationQuote(reference))
        expect(reason).toMatchObject({ _tag: "Malformed", code: "other-application" })
      }),
    ))

  test("an unknown decision is an answer without a decision, never a rejection", () =>
    run(
      Effect.gen(function* () {
        const body = Buffer.from(
          getApplicationQuoteResponse.encode({
            applicationReference: reference,
            decision: "REJECTED",
            offer: {},
          }),
        )
        const { client } = yield* start(reply(body.toString().replace("REJECTED", "TECHNICAL_ERROR")))
        const { message } = yield* client.getApplicationQuote(reference)
        expect(message).toMatchObject({ decision: null, leftOut: ["decision"] })
      }),
    ))

  test("a reference that XML cannot carry is not sent, and does not crash", () =>
    run(
      Effect.gen(function* () {
        const { client, requests } = yield* start(reply(status))
        const { reason } = yield* Effect.flip(
          client.getApplicationStatus(ApplicationReference.make("a\uffffb")),
        )
        expect([reason._tag, requests.length]).toEqual(["RequestInvalid", 0])
      }),
    ))

  test("the client's connections close with its scope", () =>
    run(
      Effect.gen(function* () {
        const asked = Promise.withResolvers<void>()
        const url = yield* serve(() => asked.resolve())
        const waiting = yield* Effect.scoped(
          Effect.gen(function* () {
            const client = yield* makeBankClient({ url, username: "agent-se", password })
            const waiting = yield* Effect.forkDetach(Effect.flip(client.getApplicationStatus(reference)))
            yield* Effect.promise(() => asked.promise)
            return waiting
          }),
        )
        expect((yield* Fiber.join(waiting)).reason).toMatchObject({
          _tag: "ConnectionBroken",
          code: "UND_ERR_DESTROYED",
        })
      }),
    ))

  test("interruption ends the request", () =>
    run(
      Effect.gen(function* () {
        const asked = Promise.withResolvers<void>()
        const closed = Promise.withResolvers<void>()
        const { client } = yield* start((response) => {
          response.on("close", closed.resolve)
          asked.resolve()
        })
        const waiting = yield* Effect.forkChild(client.getApplicationStatus(reference))
        yield* Effect.promise(() => asked.promise)
        yield* Fiber.interrupt(waiting)
        yield* Effect.promise(() => closed.promise)
        expect(Exit.hasInterrupts(yield* Fiber.await(waiting))).toBe(true)
      }),
    ))
})
