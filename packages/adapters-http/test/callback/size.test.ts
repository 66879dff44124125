import { connect } from "node:net"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import { callbackReceiverLimitsDefault } from "../../src/callback/receiver.ts"
import { bytesOf, run } from "../support.ts"
import { ask, authorization, credentials, start, unsigned } from "./receiver-support.ts"

describe("the size limit", () => {
  const { callbackBytesMax } = callbackReceiverLimitsDefault
  const padded = (length: number): string => unsigned + " ".repeat(length - unsigned.length)

  test("a body of exactly the limit is read, one byte more is not", () =>
    run(
      Effect.gen(function* () {
        const { post } = yield* start({ credentials })
        expect((yield* ask(() => post(padded(callbackBytesMax)))).status).toBe(200)
        expect((yield* ask(() => post(padded(callbackBytesMax + 1)))).status).toBe(413)
      }),
    ))

  test.each([
    ["over the limit", String(callbackBytesMax + 1), 413],
    ["no number", "many", 400],
    ["negative", "-1", 400],
    ["written with an exponent", "1e2", 400],
  ])("a Content-Length that is %s is refused before a byte is read", (_title, length, status) =>
    run(
      Effect.gen(function* () {
        const { receiver, seen } = yield* start({ credentials })
        const untouched: AsyncIterable<Uint8Array> = {
          [Symbol.asyncIterator]: () => {
            throw new Error("the body was read")
          },
        }
        const headers = new Headers({ authorization, "content-length": length })
        const answer = yield* receiver.receive("se", { method: "POST", headers, body: untouched })
        const [rejection] = receiver.rejections.recent()
        expect([answer.status, rejection?.code, seen]).toEqual([
          status,
          status === 413 ? "body-too-large" : "length-invalid",
          [],
        ])
      }),
    ),
  )

  test("an endless body without a length is cut off, and its source is told to stop", () =>
    run(
      Effect.gen(function* () {
        const { receiver } = yield* start({ credentials })
        let pulls = 0
        let cancelled = false
        const endless = new ReadableStream<Uint8Array>({
          pull: (controller) => {
            pulls += 1
            controller.enqueue(new Uint8Array(1_024))
          },
          cancel: () => {
            cancelled = true
          },
        })
        const request = { method: "POST", headers: new Headers({ authorization }), body: endless }
        const answer = yield* receiver.receive("se", request)
        expect([answer.status, cancelled]).toEqual([413, true])
        expect(pulls).toBeLessThan(70)
      }),
    ))

  test("a sender over the limit gets its answer, and the connection ends", () =>
    run(
      Effect.gen(function* () {
        const { url } = yield* start({ credentials })
        const answer = yield* ask(
          () =>
            new Promise<string>((resolve) => {
              const socket = connect(Number(new URL(url).port), "127.0.0.1")
              let text = ""
              socket.on("data", (chunk) => (text += chunk.toString()))
              socket.on("close", () => resolve(text))
              socket.on("error", () => undefined)
              socket.write("POST /se HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
              socket.write(`${(70_000).toString(16)}\r\n${" ".repeat(70_000)}\r\n`)
            }),
        )
        expect(answer).toMatch(/^HTTP\/1\.1 413 /u)
        expect(answer.toLowerCase()).toContain("connection: close")
      }),
    ))

  test("a sender that leaves before its body is complete records nothing", () =>
    run(
      Effect.gen(function* () {
        const { receiver, seen } = yield* start({ credentials })
        const broken = new ReadableStream<Uint8Array>({
          start: (controller) => {
            controller.enqueue(bytesOf(unsigned))
            controller.error(new Error("socket hang up"))
          },
        })
        const request = { method: "POST", headers: new Headers({ authorization }), body: broken }
        expect((yield* receiver.receive("se", request)).status).toBe(400)
        expect([seen, receiver.rejections.recent()]).toMatchObject([[], [{ code: "body-incomplete" }]])
      }),
    ))

  test("a body that arrives too slowly is refused after its time limit", () =>
    run(
      Effect.gen(function* () {
        const { receiver, seen } = yield* start({ credentials })
        const silent = new ReadableStream<Uint8Array>({})
        const request = { method: "POST", headers: new Headers({ authorization }), body: silent }
        const waiting = yield* Effect.forkChild(receiver.receive("se", request))
        yield* TestClock.adjust(callbackReceiverLimitsDefault.callbackBodyMsMax)
        const answer = yield* Fiber.join(waiting)
        expect([answer.status, seen]).toEqual([408, []])
      }),
    ))
})
