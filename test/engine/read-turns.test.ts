import { ReadRefused, ReadTurns } from "@loan-engine/app/ports/read-turns"
import { Effect } from "effect"
import { expect, it } from "vitest"

it("requests that occupy every turn hold up no stream, and further requests are refused", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const { forRequest, forStream } = yield* ReadTurns
      const endless = yield* Effect.forkChild(forRequest(Effect.never), { startImmediately: true })
      const waiting = yield* Effect.forkChild(forRequest(Effect.never), { startImmediately: true })
      expect(yield* Effect.flip(forRequest(Effect.void))).toBeInstanceOf(ReadRefused)
      expect(yield* forStream(Effect.succeed("read"))).toBe("read")
      expect([endless.pollUnsafe(), waiting.pollUnsafe()]).toEqual([undefined, undefined])
    }).pipe(Effect.provide(ReadTurns.layer({ readsAtOnceMax: 1, readsWaitingMax: 1, readMsMax: 3_600_000 }))),
  ))
