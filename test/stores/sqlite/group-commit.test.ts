import { makeGroupCommit } from "@loan-engine/app/store/group-commit"
import { Effect, Exit, Fiber, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { inPatience } from "../../in-patience.ts"

const limits = { queuedUpdatesMax: 10, transactionUpdatesMax: 10 }

/**
 * How a change ends if every try finds a newer loan. The store begins to stop `turns` turns after the change.
 */
const endOf = (turns: number) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const commit = yield* makeGroupCommit<string, string>(limits, (batch) =>
      Effect.succeed(batch.map(() => ({ state: "stale" }) as const)),
    ).pipe(Effect.provideService(Scope.Scope, scope))
    const asked = yield* Effect.forkChild(commit("a change"))
    for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
    yield* Scope.close(scope, Exit.void)
    return yield* Effect.flip(Fiber.join(asked))
  }).pipe(inPatience(`the end of a change, the store stopping after ${turns} turns`))

describe("a change for which others are always faster", () => {
  it("ends when the store stops, at any moment", async () => {
    const turns = Array.from({ length: 40 }, (_, index) => index)
    const ends = await Promise.all(turns.map((number) => Effect.runPromise(endOf(number))))
    expect(new Set(ends.map(({ message }) => message))).toEqual(new Set(["The store is shutting down."]))
  })
})
