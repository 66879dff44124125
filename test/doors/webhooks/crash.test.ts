import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { startEngine } from "../../whole/slice/engine-process.ts"
import { tellAll, webhookVariables, writtenIn } from "./callbacks.ts"
import { fileStore, newFile, receive } from "./files.ts"
import { secret } from "./receiver.ts"
import { faultsOf, scoped, until } from "./support.ts"

const kills = 3
const answersEachLife = 17
const loans = ["A", "B", "C", "D", "E"]

describe("an engine that is killed in the middle of delivering", () => {
  it("leaves out nothing, and keeps each loan's order", () =>
    scoped(
      Effect.gen(function* () {
        const path = newFile()
        const receiver = yield* receive()
        // In every run but the last, the engine gets some answers and then none. It is killed while it waits for the
        // others.
        let answersLeft = 0
        receiver.answer = () => (answersLeft-- > 0 ? 200 : "silent")
        const start = Effect.promise(() => startEngine(path, webhookVariables(receiver)))
        let engine = yield* start
        let at = 0
        for (let kill = 0; kill <= kills; kill++) {
          answersLeft = kill === kills ? Infinity : answersEachLife
          for (let round = 0; round < 8; round++) {
            yield* tellAll(engine, loans, ++at)
          }
          if (kill === kills) break
          yield* until(() => expect(answersLeft).toBeLessThan(0))
          yield* Effect.promise(() => engine.kill())
          engine = yield* start
        }
        const written = yield* writtenIn(fileStore(path))
        expect(written.length).toBe(loans.length * 8 * (kills + 1))
        yield* until(() => expect(faultsOf(receiver, written)).toEqual([]))
        expect(yield* Effect.promise(() => engine.stop())).toBe(0)
        expect(receiver.refused).toEqual([])
        expect(engine.written()).not.toContain(secret.slice(6))
      }),
    ))
})
