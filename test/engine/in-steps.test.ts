import { inSteps, mapInSteps } from "@loan-engine/app/base/in-steps"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"

const items = Array.from({ length: 500 }, (_, index) => index)

/** How many turns of the event loop pass while `work` runs. In each turn the engine could accept a callback. */
async function turnsDuring(work: Effect.Effect<unknown>): Promise<number> {
  let turns = 0
  let next = setImmediate(function turn() {
    turns++
    next = setImmediate(turn)
  })
  await Effect.runPromise(work)
  clearImmediate(next)
  return turns
}

describe("a page that is made in steps", () => {
  it("contains every item in order", async () => {
    expect(await Effect.runPromise(mapInSteps(items, String))).toEqual(items.map(String))
    expect(await Effect.runPromise(mapInSteps([], String))).toEqual([])
  })

  it("stops at the first failure", async () => {
    const until = inSteps(items, (item) => (item === 40 ? Effect.fail(item) : Effect.succeed(item)))
    expect(await Effect.runPromise(Effect.flip(until))).toBe(40)
  })

  it("accepts callbacks in between, for any length of the page", async () => {
    expect(await turnsDuring(mapInSteps(items, String))).toBeGreaterThan(20)
    // Without steps, the same work leaves the event loop no turn.
    expect(await turnsDuring(Effect.sync(() => items.map(String)))).toBeLessThanOrEqual(1)
  })
})
