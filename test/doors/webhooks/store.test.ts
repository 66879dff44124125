import { JournalStore } from "@loan-engine/app/ports/journal-store"
import { StoreUnavailable } from "@loan-engine/app/ports/loan-store"
import { sealFeed } from "@loan-engine/app/feed/sealing"
import { WebhookStore } from "@loan-engine/app/ports/webhook-store"
import { positionBefore } from "@loan-engine/app/webhooks/replay"
import { Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { fileStore, receive } from "./files.ts"
import type { StoreLayer } from "./support.ts"
import { named, news, openEngine, scoped, until } from "./support.ts"

describe("a store that can be read but not written for a while", () => {
  it("repeats the running messages to the receiver once; afterwards nothing is missing", () =>
    scoped(
      Effect.gen(function* () {
        let isFull = false
        let refused = 0
        const ifWritable = <A>(write: Effect.Effect<A, StoreUnavailable>) =>
          Effect.suspend((): Effect.Effect<A, StoreUnavailable> => {
            if (!isFull) return write
            refused++
            return Effect.fail(new StoreUnavailable({ message: "no room" }))
          })
        const store: StoreLayer = Layer.effectContext(
          Effect.map(Layer.build(fileStore()), (context) => {
            const webhooks = Context.get(context, WebhookStore)
            return Context.add(context, WebhookStore, {
              ...webhooks,
              lease: (options) => ifWritable(webhooks.lease(options)),
              settle: (round) => ifWritable(webhooks.settle(round)),
            })
          }),
        )
        const receiver = yield* receive()
        receiver.answer = () => {
          isFull = receiver.heard.length === 1
          return 200
        }
        const limits = { webhookStoreRetryMs: 5 }
        const { tell, warnings } = yield* openEngine(store, [receiver], limits)
        yield* tell("A", news(1))
        yield* until(() => expect(refused).toBeGreaterThan(5))
        expect(named(receiver.heard)).toEqual(["A1"])
        expect(warnings).toContain("webhooks could not be delivered; the engine will retry")
        isFull = false
        yield* tell("A", news(2))
        yield* until(() => expect(named(receiver.heard)).toEqual(["A1", "A1", "A2"]))
      }),
    ))
})

describe("the position before a time", () => {
  const minute = 60_000

  it("leaves out nothing that was recorded after that time, sealed or not", () =>
    Effect.gen(function* () {
      const { tell, context } = yield* openEngine(fileStore(), [])
      const before = (time: number) => Effect.provide(positionBefore(time), context)
      expect(yield* before(0)).toBe(0)
      for (let at = 1; at <= 40; at++) {
        yield* TestClock.setTime(at * minute)
        yield* tell("A", news(at))
        if (at % 10 === 0 && at < 40) yield* Effect.provide(sealFeed(4), context)
      }
      const journal = Context.get(context, JournalStore)
      expect((yield* journal.checkpoints({ after: 0, limit: 100 })).length).toBe(9)
      for (const time of [1, 2, 15, 20, 21, 31, 39, 40]) {
        expect(yield* before(time * minute)).toBe(time - 1)
        expect(yield* before(time * minute + 1)).toBe(time)
      }
      expect(yield* before(99 * minute)).toBe(40)
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.runPromise))
})
