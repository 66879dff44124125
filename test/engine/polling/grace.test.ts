import { applicationStatusEvents } from "@loan-engine/adapters-xml/loan-events"
import { cadenceDefaults, graceMsOf } from "@loan-engine/app/schedule/poll-cadence"
import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import { bankClockBehindMsMax } from "@loan-engine/app/schedule/timely"
import type { LoanEngine } from "@loan-engine/app/record/engine"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { isAdditionOutstanding, requiredDocuments } from "@loan-engine/domain/standing"
import { Clock, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { applicationReference, approved, doubting, rejected, secondMs } from "./doubting.ts"
import { se } from "./poller-support.ts"

const graceMs = graceMsOf(cadenceDefaults)
const requestedAt = 1_700_000_000_000

const token = "a".repeat(64)
const requestAt = (at: number): LoanEvent => ({ type: "addition.requested", at, requiredDocuments: ["ID"] })

/** A signed callback, in the same bytes each time. */
const deliver = (
  engine: LoanEngine["Service"],
  event: LoanEvent,
  receivedAt: number,
  identified: Pick<Observation, "token" | "issued"> = {},
) =>
  engine.record(
    {
      applicationReference,
      account: se,
      source: "callback",
      evidence: "jws",
      receivedAt,
      events: [event],
      ...identified,
    },
    new TextEncoder().encode(event.type),
  )

describe("an answer without outstanding documents", () => {
  it.each([
    ["before the request", -1, true],
    ["with the request", 0, true],
    ["within the grace", graceMs - 1, true],
    ["at the end of the grace", graceMs, true],
    ["after the grace", graceMs + 1, false],
  ])("that was polled %s", (_when, afterMs, outstanding) => {
    const sentAt = requestedAt + afterMs
    const cleared = applicationStatusEvents(
      { waitingForAddition: false, paidOut: false },
      sentAt,
      sentAt - graceMs,
    )
    const facts = joinEvents(noFacts, [{ type: "addition.requested", at: requestedAt }, ...cleared])
    expect(isAdditionOutstanding(facts)).toBe(outstanding)
  })

  it("that comes too soon after a callback does not count; a poll follows as soon as it can count", () =>
    doubting({}, ({ hear, pass, shown, asked }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hear("callback", { type: "addition.requested", requiredDocuments: ["ID"] })
        yield* pass(30 * secondMs)
        const soon = asked.filter(({ question }) => question === "status").length
        expect(soon).toBeGreaterThan(0)
        expect(yield* shown).toBe("waitingForAddition: customer send-documents")
        yield* pass(60 * secondMs)
        expect(asked.filter(({ question }) => question === "status").length).toBe(soon + 1)
        expect(yield* shown).toBe("approved: customer sign-agreement")
      }),
    ))

  it.each([
    ["a clock that is minutes behind", bankClockBehindMsMax, true],
    ["a delivery that was late", bankClockBehindMsMax + 1, false],
  ])("clears a signed request from before it, unless the difference is due to %s", (_why, behindMs, open) =>
    doubting({}, ({ engine, hear, pass, shown, asked }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        // The loan is in doubt, so the engine polls now. The request comes after this poll, but by the bank's clock
        // it is older.
        yield* hear("callback", rejected)
        yield* pass(120 * secondMs)
        expect(asked.filter(({ question }) => question === "status").length).toBe(2)
        const at = yield* Clock.currentTimeMillis
        yield* deliver(engine, requestAt(at - behindMs), at)
        yield* pass(30 * secondMs)
        const stored = yield* engine.loan(applicationReference)
        expect(stored && requiredDocuments(stored.loan.facts)).toEqual(open ? ["ID"] : [])
        expect(yield* shown).toBe(
          open ? "waitingForAddition: customer send-documents" : "approved: customer sign-agreement",
        )
      }),
    ),
  )

  it.each([
    ["whole seconds", 700],
    ["a clock that is ahead", 5 * 60 * secondMs],
    ["a clock that is behind", -5 * 60 * secondMs],
  ])("is not undone by a redelivery of the request, if the bank dates it by %s", (_how, aheadMs) =>
    doubting({}, ({ engine, hear, pass, shown }) =>
      Effect.gen(function* () {
        const issuedAt = (yield* Clock.currentTimeMillis) + aheadMs
        const request = Effect.flatMap(Clock.currentTimeMillis, (receivedAt) =>
          deliver(engine, requestAt(Math.min(receivedAt, issuedAt)), receivedAt, { token, issued: true }),
        )
        yield* hear("callback", approved)
        yield* request
        expect(yield* shown).toBe("waitingForAddition: customer send-documents")
        yield* pass(120 * secondMs)
        expect(yield* shown).toBe("approved: customer sign-agreement")
        for (const _again of [1, 2]) {
          expect((yield* request).disposition).toBe("repeated")
          expect(yield* shown).toBe("approved: customer sign-agreement")
          yield* pass(600 * secondMs)
        }
        const history = yield* engine.history(applicationReference)
        expect(history.filter(({ token }) => token !== undefined).map(({ repeats }) => repeats)).toEqual([2])
      }),
    ),
  )

  it("does not count while a lagging replica answers", () =>
    doubting({}, ({ bank, hear, pass, shown }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hear("callback", { type: "addition.requested", requiredDocuments: ["ID"] })
        yield* pass(30 * secondMs)
        bank.waitingForAddition = true
        yield* pass(120 * secondMs)
        expect(yield* shown).toBe("waitingForAddition: customer send-documents")
      }),
    ))
})

describe("a signed request that does not say when it was issued", () => {
  it("counts again if it comes again, because the bank may ask a second time with the same bytes", () =>
    doubting({}, ({ engine, hear, pass, shown }) =>
      Effect.gen(function* () {
        const request = Effect.flatMap(Clock.currentTimeMillis, (at) =>
          deliver(engine, requestAt(at), at, { token }),
        )
        yield* hear("callback", approved)
        yield* request
        yield* pass(120 * secondMs)
        expect(yield* shown).toBe("approved: customer sign-agreement")
        yield* request
        const stored = yield* engine.loan(applicationReference)
        expect(stored && requiredDocuments(stored.loan.facts)).toEqual(["ID"])
      }),
    ))
})

describe("a signed callback that two engines receive at the same time", () => {
  it("is one entry, although the earlier receipt is recorded later", () =>
    doubting({}, ({ engine }) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const receivedAt = (at: number) =>
          deliver(engine, { type: "agreement.signed", at }, at, { token, issued: true })
        expect((yield* receivedAt(now)).disposition).toBe("advanced")
        expect((yield* receivedAt(now - 20)).disposition).toBe("repeated")
        expect((yield* engine.history(applicationReference)).map(({ repeats }) => repeats)).toEqual([1])
      }),
    ))
})
