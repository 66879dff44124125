import { once } from "node:events"
import { createServer } from "node:http"
import { DatabaseSync } from "node:sqlite"
import type { ServerResponse } from "node:http"
import { Effect, Exit, Fiber, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { fileStore as store, newFile, receive } from "./files.ts"
import { secret } from "./receiver.ts"
import type { Receiver } from "./receiver.ts"
import { faultsOf, named, news, openEngine, scoped, until } from "./support.ts"

/** A server that answers 200 and then does what `answer` says. The result is its URL. */
const answering = (answer: (response: ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((request, response) => {
        request.resume()
        response.writeHead(200)
        answer(response)
      }).listen(0, "127.0.0.1")
      await once(server, "listening")
      return server
    }),
    (server) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      }),
  ).pipe(
    Effect.map((server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`
    }),
  )

/** Records one report about each loan in a file, before the endpoint `crm` exists. */
const fillBeforehand = (path: string, loans: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { tell, webhooks } = yield* openEngine(store(path), [])
      for (const [index, loan] of loans.entries()) yield* tell(loan, news(index + 1))
      yield* webhooks.add("crm", 0)
    }),
  )

describe("an endpoint of webhooks", () => {
  it("receives every change, signed, each loan's in order", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        const { tell } = yield* openEngine(store(), [receiver])
        const written: Array<{ reference: string; version: number }> = []
        for (let at = 1; at <= 20; at++) {
          const reference = `L${at % 4}-`
          const { loan } = yield* tell(reference, news(at))
          written.push({ reference, version: loan.version })
        }
        yield* until(() => expect(receiver.taken).toHaveLength(20))
        expect(receiver.refused).toEqual([])
        expect(faultsOf(receiver, written)).toEqual([])
        expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(20)
      }),
    ))

  it("receives the name of the reversal that ended a dispute, even if the dispute began in an earlier message", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        const { tell } = yield* openEngine(store(), [receiver])
        yield* tell("R", { type: "decision.rejected", at: 1_000 })
        yield* tell("R", { type: "decision.approved", at: 2_000 })
        yield* tell("R", { type: "decision.approved", at: 3_000, fresh: true })
        yield* until(() => expect(receiver.taken).toHaveLength(3))
        const reversals = receiver.taken.map(({ body }) => JSON.parse(body).data.reversal)
        expect(reversals).toEqual([null, null, "reinstated"])
      }),
    ))

  it("receives messages in the form of the specification, with the content of the stream of changes", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        const { tell } = yield* openEngine(store(), [receiver])
        const { position } = yield* tell("A", { type: "decision.approved", at: 1_000 })
        yield* until(() => expect(receiver.taken).toHaveLength(1))
        const [message] = receiver.taken
        expect(message?.headers).toMatchObject({
          "content-type": "application/json",
          "webhook-id": expect.stringMatching(/^msg_[0-9a-f]{64}$/u),
          "webhook-timestamp": expect.stringMatching(/^\d{10}$/u),
          "webhook-signature": expect.stringMatching(/^v1,[A-Za-z0-9+/]{43}=$/u),
        })
        const body = JSON.parse(message?.body ?? "")
        expect(body).toMatchObject({
          type: "loan.advanced",
          timestamp: body.data.recordedAt,
          data: {
            position,
            applicationReference: "A",
            version: 1,
            disposition: "advanced",
            loan: { stage: "approved", version: 1 },
          },
        })
        expect(Object.keys(body)).toEqual(["type", "timestamp", "data"])
        expect(message?.id).toBe(`msg_${body.data.hash}`)
      }),
    ))

  it("receives no message about repetitions and held observations", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        const { tell } = yield* openEngine(store(), [receiver])
        yield* tell("A", { type: "decision.approved", at: 1 })
        yield* tell("A", { type: "decision.approved", at: 1 })
        yield* tell(
          "A",
          { type: "decision.approved", at: 2 },
          { source: "callback", evidence: "credentials" },
        )
        yield* tell("A", { type: "agreement.signed", at: 3 }, { source: "callback", evidence: "none" })
        yield* tell("A", { type: "decision.rejected", at: 4 })
        yield* tell("B", { type: "addition.requested", at: 5 })
        yield* until(() => expect(receiver.taken.map(({ reference }) => reference)).toContain("B"))
        expect(receiver.taken.map(({ type }) => type).toSorted()).toEqual([
          "loan.advanced",
          "loan.disputed",
          "loan.noted",
        ])
      }),
    ))

  it("begins with the next change, and continues at its position after a restart", () =>
    scoped(
      Effect.gen(function* () {
        const path = newFile()
        const receiver = yield* receive()
        yield* Effect.scoped(Effect.flatMap(openEngine(store(path), []), ({ tell }) => tell("A", news(1))))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { tell } = yield* openEngine(store(path), [receiver])
            yield* tell("A", news(2))
            yield* until(() => expect(named(receiver.taken)).toEqual(["A2"]))
          }),
        )
        yield* Effect.scoped(Effect.flatMap(openEngine(store(path), []), ({ tell }) => tell("A", news(3))))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const { tell } = yield* openEngine(store(path), [receiver])
            yield* tell("A", news(4))
            yield* until(() => expect(receiver.taken).toHaveLength(3))
            expect(named(receiver.taken)).toEqual(["A2", "A3", "A4"])
          }),
        )
      }),
    ))

  it("that is slow delays a stop, which starts no more messages and stores the outcome", () =>
    scoped(
      Effect.gen(function* () {
        const path = newFile()
        yield* fillBeforehand(path, ["A", "A"])
        const receiver = yield* receive()
        let answer: ((status: number) => void) | undefined
        receiver.answer = () => new Promise((resolve) => (answer = resolve))
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* openEngine(store(path), [receiver])
            yield* until(() => expect(receiver.heard).toHaveLength(1))
            // The scope closes before the answer arrives.
            setImmediate(() => answer?.(200))
          }),
        )
        expect(named(receiver.heard)).toEqual(["A1"])
        receiver.answer = () => 200
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* openEngine(store(path), [receiver])
            yield* until(() => expect(receiver.taken).toHaveLength(2))
            expect(named(receiver.heard)).toEqual(["A1", "A2"])
          }),
        )
      }),
    ))

  it("that is gone receives nothing more, not even messages that were already claimed", () =>
    scoped(
      Effect.gen(function* () {
        const path = newFile()
        yield* fillBeforehand(path, ["A", "B", "C"])
        const receiver = yield* receive()
        receiver.answer = () => 410
        const { webhooks } = yield* openEngine(store(path), [receiver], { webhooksInFlightMax: 1 })
        yield* until(async () =>
          expect(await Effect.runPromise(webhooks.states)).toMatchObject([{ position: 3, parked: 3 }]),
        )
        expect(named(receiver.heard)).toEqual(["A1"])
      }),
    ))

  it("gets a signature from each of its secrets, so that they can be rotated; another secret verifies nothing", () =>
    scoped(
      Effect.gen(function* () {
        const next = `whsec_${Buffer.alloc(24, 7).toString("base64")}`
        const [old, rotated, stranger] = yield* Effect.all([
          receive(),
          receive({ secret: next }),
          receive({ secret: `whsec_${Buffer.alloc(24, 9).toString("base64")}` }),
        ])
        const secrets = [secret, next]
        const { tell } = yield* openEngine(store(), [
          { name: "old", url: old.url, secrets },
          { name: "rotated", url: rotated.url, secrets },
          { name: "stranger", url: stranger.url, secrets },
        ])
        yield* tell("A", news(1))
        yield* until(() => {
          expect(named(old.taken)).toEqual(["A1"])
          expect(named(rotated.taken)).toEqual(["A1"])
          expect(stranger.refused).toHaveLength(1)
        })
        expect(stranger.refused[0]).toMatch(/No matching signature/u)
        expect(stranger.taken).toEqual([])
        expect(old.taken[0]?.headers["webhook-signature"]?.split(" ")).toHaveLength(2)
      }),
    ))

  it("that sends a long answer counts by its status, and delays nobody", () =>
    scoped(
      Effect.gen(function* () {
        const endless = yield* answering((response) => {
          const write = (): void => {
            while (!response.destroyed && response.write("x".repeat(65_536)));
            if (!response.destroyed) response.once("drain", write)
          }
          write()
        })
        const unfinished = yield* answering((response) => response.write("one moment"))
        const endpoints = [{ url: endless }, { name: "erp", url: unfinished }]
        const { tell, webhooks } = yield* openEngine(store(), endpoints, { webhookRequestMsMax: 500 })
        for (let at = 1; at <= 3; at++) yield* tell("A", news(at))
        const done = { position: 3, parked: 0 }
        yield* until(async () => expect(await Effect.runPromise(webhooks.states)).toMatchObject([done, done]))
      }),
    ))

  it("that was away needs one row for each loan, for any backlog, and nothing is lost or out of order", () =>
    scoped(
      Effect.gen(function* () {
        const receiver = yield* receive()
        // The first five messages are answered only when all five have arrived. This shows that five are sent at the
        // same time.
        let answerAll = (): void => {}
        const five = new Promise<void>((resolve) => (answerAll = resolve))
        receiver.answer = async () => {
          if (receiver.heard.length === 5) answerAll()
          await five
          return 500
        }
        const limits = { webhookPageRowsMax: 20, webhooksInFlightMax: 5 }
        const { tell, webhooks } = yield* openEngine(store(), [receiver], limits)
        const loans = Array.from({ length: 40 }, (_, index) => `L${index}-`)
        const written: Array<{ reference: string; version: number }> = []
        for (let at = 1; at <= 25; at++) {
          const told = yield* Effect.forEach(loans, (reference) => tell(reference, news(at)), {
            concurrency: 40,
          })
          for (const { loan } of told)
            written.push({ reference: loan.applicationReference, version: loan.version })
        }
        const newest = yield* webhooks.newest
        const state = () => Effect.runPromise(Effect.map(webhooks.states, ([first]) => first))
        yield* until(async () => expect(await state()).toMatchObject({ position: newest }))
        expect(yield* Effect.promise(state)).toMatchObject({ parked: 40 })
        expect(receiver.heard).toHaveLength(40)
        receiver.answer = () => 200
        yield* webhooks.enable("crm", 0)
        yield* until(async () => expect(await state()).toMatchObject({ parked: 0 }))
        expect(receiver.taken).toHaveLength(1_000)
        expect(faultsOf(receiver, written)).toEqual([])
        expect(receiver.mostAtOnce()).toBe(5)
      }),
    ))
})

describe("a loan that cannot be read", () => {
  it("waits, is logged as a defect, and neither stops the others nor repeats them", () =>
    scoped(
      Effect.gen(function* () {
        const path = newFile()
        yield* fillBeforehand(path, ["A", "B", "C"])
        const file = new DatabaseSync(path)
        file.exec("UPDATE loans SET snapshot = '{}' WHERE application_reference = 'A'")
        file.close()
        const receiver = yield* receive()
        const { tell, webhooks, warnings } = yield* openEngine(store(path), [receiver])
        yield* until(() => expect(receiver.taken).toHaveLength(2))
        yield* tell("B", news(9))
        yield* until(() => expect(receiver.taken).toHaveLength(3))
        expect(named(receiver.heard)).toEqual(["B1", "C1", "B2"])
        expect(warnings).toEqual(["a loan cannot be read: its webhooks wait"])
        expect(yield* webhooks.states).toMatchObject([{ parked: 1, disabledAt: null }])
      }),
    ))
})

describe("a stop", () => {
  it("reaches every endpoint before it waits for any: none starts another message", async () => {
    const steady = await Effect.runPromise(
      scopedReceivers(
        Effect.fnUntraced(function* (answering, silent) {
          const scope = yield* Scope.make()
          const endpoints = [
            { name: "answers", url: answering.url },
            { name: "silent", url: silent.url },
          ]
          const engine = yield* Scope.provide(
            openEngine(store(), endpoints, { webhookRequestMsMax: 2_000 }),
            scope,
          )
          yield* engine.tell("A", news(1))
          yield* until(() => expect([answering.heard.length, silent.heard.length]).toEqual([1, 1]))
          const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
          yield* Effect.yieldNow
          for (let at = 2; at <= 6; at++) yield* engine.tell("A", news(at))
          yield* Fiber.join(closing)
          return answering.heard.length
        }),
      ),
    )
    expect(steady).toBe(1)
  })
})

const scopedReceivers = <A>(use: (answering: Receiver, silent: Receiver) => Effect.Effect<A, unknown>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const [answering, silent] = [yield* receive(), yield* receive()]
      silent.answer = () => "silent"
      return yield* use(answering, silent)
    }),
  )
