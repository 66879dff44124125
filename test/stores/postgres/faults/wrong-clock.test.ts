import { LoanEngine } from "@loan-engine/app/record/engine"
import { isAdditionOutstanding } from "@loan-engine/domain/standing"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { Clock, Context, Effect } from "effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { account, openEngine, reference, scoped } from "../engines.ts"
import type { PostgresServer } from "../server.ts"
import { startPostgres } from "../server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.remove())

const yearMs = 365 * 86_400_000
const hourMs = 3_600_000

const heard = (receivedAt: number, source: "callback" | "poll", event: LoanEvent): Observation => ({
  applicationReference: reference("A"),
  account,
  source,
  evidence: source === "callback" ? "credentials" : "bank",
  receivedAt,
  events: [event],
})

describe("an engine whose clock is far ahead of the database's", () => {
  it.each([
    ["of a loan that is not known yet", 0],
    ["of one that is", 1],
  ])(
    "dates and plans reports %s by the database's clock, and keeps its own clock's time",
    async (_name, known) => {
      const url = await server.newDatabase()
      await scoped(
        Effect.gen(function* () {
          const { context, loans } = yield* openEngine(url)
          const engine = Context.get(context, LoanEngine)
          const now = yield* Clock.currentTimeMillis
          const say = (observation: Observation) =>
            engine.record(observation, new TextEncoder().encode(JSON.stringify(observation)))
          if (known === 1) yield* say(heard(now, "callback", { type: "decision.approved", at: now }))
          const ahead = now + yearMs
          yield* say(heard(ahead, "callback", { type: "addition.requested", at: ahead }))
          const entry = (yield* loans.history(reference("A"))).at(-1)
          expect(entry?.receivedAt).toBe(ahead)
          const at = entry?.events[0]?.at ?? 0
          expect(Math.abs(at - now)).toBeLessThan(hourMs)
          const stored = yield* loans.load(reference("A"))
          expect(stored?.schedule.nextPollAt).toBeLessThan(now + hourMs)
          expect(stored && isAdditionOutstanding(stored.loan.facts)).toBe(true)
          const right = at + 1_000
          yield* say(heard(right, "poll", { type: "addition.cleared", at: right }))
          const cleared = yield* loans.load(reference("A"))
          expect(cleared && isAdditionOutstanding(cleared.loan.facts)).toBe(false)
          expect((yield* loans.history(reference("A"))).at(-1)?.events).toEqual([
            { type: "addition.cleared", at: right },
          ])
        }),
      )
    },
  )

  it("keeps its own times if it is ahead by only as much as clocks of several machines differ", async () => {
    const url = await server.newDatabase()
    await scoped(
      Effect.gen(function* () {
        const { context, loans } = yield* openEngine(url)
        const at = (yield* Clock.currentTimeMillis) + 60_000
        yield* Context.get(context, LoanEngine).record(
          heard(at, "callback", { type: "agreement.signed", at }),
          new Uint8Array(),
        )
        expect((yield* loans.history(reference("A"))).at(-1)?.events).toEqual([
          { type: "agreement.signed", at },
        ])
      }),
    )
  })
})
