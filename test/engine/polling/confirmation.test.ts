import { LoanEngine } from "@loan-engine/app/record/engine"
import { rule } from "@loan-engine/app/record/operator"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import {
  applicationReference,
  approved,
  atOnceMs,
  doubting,
  paidOut,
  pending,
  rejected,
  secondMs,
  signed,
} from "./doubting.ts"
import type { BankNow, Said } from "./doubting.ts"

describe("a report that contradicts the loan's state", () => {
  const lives: ReadonlyArray<readonly [string, Partial<BankNow>, ReadonlyArray<Said>, Said, string, string]> =
    [
      [
        "a rejection that the bank confirms",
        { decision: "REJECTED" },
        [approved],
        rejected,
        "disputed",
        "rejected: nobody none",
      ],
      ["a stale rejection", {}, [approved, signed], rejected, "disputed", "signed: bank pay-out"],
      [
        "a stale rejection of a paid-out loan",
        { paidOut: true },
        [approved, paidOut],
        rejected,
        "disputed",
        "paidOut: nobody none",
      ],
      [
        "an approval of a rejected loan",
        {},
        [rejected],
        approved,
        "disputed",
        "approved: customer sign-agreement",
      ],
      [
        "a signature of a rejected loan",
        { decision: "REJECTED" },
        [rejected],
        signed,
        "disputed",
        "rejected: nobody none",
      ],
      [
        "an inspection of an approved loan",
        { decision: "MANUAL_INSPECTION" },
        [approved],
        pending,
        "approved",
        "manualInspection: bank inspect-manually",
      ],
      [
        "a stale inspection of an approved loan",
        {},
        [approved],
        pending,
        "approved",
        "approved: customer sign-agreement",
      ],
    ]

  it.for(lives)(
    "is confirmed at once, while the bank must act: %s",
    ([, initial, before, word, during, after]) =>
      doubting(initial, ({ hear, pass, shown, asked }) =>
        Effect.gen(function* () {
          for (const said of before) {
            yield* hear("callback", said)
            yield* pass(50)
          }
          const earlier = asked.length
          yield* hear("callback", word)
          expect(yield* shown).toBe(`${during}: bank confirm-decision`)
          yield* pass(atOnceMs)
          expect(asked.length).toBeGreaterThan(earlier)
          expect(yield* shown).toBe(after)
        }),
      ),
  )

  it("is confirmed at once even after the end, and then the engine polls no more", () =>
    doubting({ decision: "REJECTED" }, ({ hear, pass, shown, nextPollAt, asked, bank }) =>
      Effect.gen(function* () {
        yield* hear("submission", rejected)
        yield* pass(7 * 60 * secondMs)
        expect(yield* nextPollAt).toBeNull()
        const before = asked.length
        yield* hear("callback", approved)
        expect(yield* shown).toBe("disputed: bank confirm-decision")
        yield* pass(atOnceMs)
        expect(asked.length).toBe(before + 2)
        expect(yield* shown).toBe("rejected: nobody none")
        // A replica of the bank that does not know the callback's news yet could have answered.
        yield* pass(75 * secondMs)
        expect(asked.length).toBe(before + 4)
        expect(yield* nextPollAt).toBeNull()
        bank.decision = "APPROVED"
        yield* hear("callback", approved)
        yield* pass(atOnceMs)
        expect(yield* shown).toBe("approved: customer sign-agreement")
      }),
    ))

  const lagging: ReadonlyArray<
    readonly [string, BankNow["decision"], Said, BankNow["decision"], Said, string]
  > = [
    ["a rejection", "APPROVED", approved, "REJECTED", rejected, "rejected: nobody none"],
    [
      "an approval after the end",
      "REJECTED",
      rejected,
      "APPROVED",
      approved,
      "approved: customer sign-agreement",
    ],
    [
      "an inspection",
      "APPROVED",
      approved,
      "MANUAL_INSPECTION",
      pending,
      "manualInspection: bank inspect-manually",
    ],
  ]

  it.for(lagging)(
    "is confirmed again after the grace, if a lagging replica answered: %s",
    ([, decision, first, then, word, after]) =>
      doubting({ decision }, ({ hear, pass, shown, bank }) =>
        Effect.gen(function* () {
          yield* hear("callback", first)
          yield* pass(7 * 60 * secondMs)
          const before = yield* shown
          yield* hear("callback", word)
          yield* pass(30 * secondMs)
          expect(yield* shown).toBe(before)
          bank.decision = then
          yield* pass(45 * secondMs)
          expect(yield* shown).toBe(after)
        }),
      ),
  )

  it("is confirmed after the grace also if it was news, and a lagging replica denied it", () =>
    doubting({ decision: "MANUAL_INSPECTION", waitingForAddition: true }, ({ hear, pass, shown, bank }) =>
      Effect.gen(function* () {
        yield* hear("callback", pending)
        yield* pass(7 * 60 * secondMs)
        // The request for documents is the reason for the early poll.
        yield* hear("callback", approved, { type: "addition.requested", requiredDocuments: ["ID"] })
        yield* pass(30 * secondMs)
        expect(yield* shown).toBe("manualInspection: customer send-documents")
        bank.decision = "APPROVED"
        yield* pass(45 * secondMs)
        expect(yield* shown).toBe("waitingForAddition: customer send-documents")
      }),
    ))

  it("does not make the engine poll without end if the bank's decision is unreadable", () =>
    doubting({ decision: "REJECTED", paidOut: true }, ({ hear, pass, asked, bank }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved, paidOut)
        yield* hear("callback", rejected)
        Object.assign(bank, { decision: "UNKNOWN" })
        yield* pass(10 * 60 * secondMs)
        expect(asked.length).toBeLessThan(14)
      }),
    ))

  it("is not polled for twice, if the bank's first answer agrees", () =>
    doubting({ decision: "REJECTED" }, ({ hear, pass, shown, nextPollAt, asked }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* pass(75 * secondMs)
        yield* hear("callback", rejected)
        yield* pass(75 * secondMs)
        expect(yield* shown).toBe("rejected: nobody none")
        expect(asked.length).toBe(2)
        expect(yield* nextPollAt).toBeNull()
      }),
    ))

  it("with a former offer is confirmed at once, and one with the current or a new offer is not", () =>
    doubting({}, ({ hear, pass, asked }) =>
      Effect.gen(function* () {
        const offering = (tenor: number): Said => ({ type: "decision.approved", offer: { tenor } })
        yield* hear("callback", offering(12))
        yield* pass(atOnceMs)
        yield* hear("callback", offering(24))
        yield* hear("callback", offering(24))
        yield* pass(atOnceMs)
        expect(asked).toEqual([])
        yield* hear("callback", offering(12))
        yield* pass(atOnceMs)
        expect(asked.map(({ question }) => question)).toEqual(["status", "quote"])
      }),
    ))

  it("is left to a person, and reported, when the bank gives no answer", () =>
    doubting({ isDown: true }, ({ hear, pass, shown, logs, bank }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hear("callback", rejected)
        yield* pass(atOnceMs)
        expect(yield* shown).toBe("disputed: bank confirm-decision")
        yield* pass(cadenceDefaults.pollConfirmAttemptsMax * cadenceDefaults.pollConfirmRetryMs)
        expect(yield* shown).toBe("disputed: operator rule-on-dispute")
        expect(logs.filter((line) => line.includes("stalled")).length).toBe(1)
        bank.isDown = false
        yield* pass(2 * cadenceDefaults.pollConfirmRetryMs)
        expect(yield* shown).toBe("approved: customer sign-agreement")
      }),
    ))
})

describe("an unknown decision", () => {
  const stalledIn = (logs: ReadonlyArray<string>) => logs.filter((line) => line.includes("stalled"))

  it("needs a person when the bank does not answer the poll, and no person after it answers", () =>
    doubting({ isDown: true }, ({ hear, hearHeld, pass, isStalled, logs, bank }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hearHeld("unknown-event-type")
        yield* pass(atOnceMs)
        expect(yield* isStalled).toBe(false)
        yield* pass(cadenceDefaults.pollConfirmAttemptsMax * cadenceDefaults.pollConfirmRetryMs)
        expect(yield* isStalled).toBe(true)
        expect(stalledIn(logs).length).toBe(1)
        bank.isDown = false
        yield* pass(2 * cadenceDefaults.pollConfirmRetryMs)
        expect(yield* isStalled).toBe(false)
      }),
    ))

  it("needs a person at once if the account has no bank to poll, as every doubt does", () =>
    doubting(
      {},
      ({ hear, hearHeld, pass, isStalled, shown, logs, asked }) =>
        Effect.gen(function* () {
          yield* hear("callback", approved)
          expect(yield* isStalled).toBe(false)
          yield* hearHeld("unknown-event-type")
          expect(yield* isStalled).toBe(true)
          expect(stalledIn(logs)).toEqual([expect.stringContaining("no bank that the engine can ask")])
          yield* hear("callback", signed)
          expect(yield* isStalled).toBe(false)
          yield* hear("callback", rejected)
          expect(yield* shown).toBe("disputed: operator rule-on-dispute")
          yield* pass(atOnceMs)
          expect(asked).toEqual([])
        }),
      { banks: [] },
    ))

  it("is handled differently from an unusable reference, which no bank could confirm", () =>
    doubting(
      {},
      ({ hearHeld, isStalled, logs }) =>
        Effect.gen(function* () {
          yield* hearHeld("reference-unusable")
          expect(yield* isStalled).toBe(true)
          expect(stalledIn(logs)).toEqual([
            expect.stringContaining("names a reference that no loan can have"),
          ])
        }),
      { banks: [] },
    ))
})

describe("a dispute at a bank that cannot be polled soon", () => {
  it("needs a person at once if the bank's Retry-After is longer than all attempts would take", () =>
    doubting({ isDown: true, retryAfterSeconds: 86_400 }, ({ hear, pass, shown, logs }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hear("callback", rejected)
        expect(yield* shown).toBe("disputed: bank confirm-decision")
        yield* pass(5 * secondMs)
        expect(yield* shown).toBe("disputed: operator rule-on-dispute")
        expect(logs.filter((line) => line.includes("stalled")).length).toBe(1)
      }),
    ))

  it("waits for the bank while the bank can still be polled in time", () =>
    doubting({ isDown: true, retryAfterSeconds: 60 }, ({ hear, pass, shown }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved)
        yield* hear("callback", rejected)
        yield* pass(5 * secondMs)
        expect(yield* shown).toBe("disputed: bank confirm-decision")
      }),
    ))
})

describe("a pay-out", () => {
  it("is overruled by no decision: a person is needed and the engine polls again, until the bank's answers agree", () =>
    doubting({ decision: "REJECTED", paidOut: true }, ({ hear, pass, shown, nextPollAt, asked, bank }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved, signed, paidOut)
        yield* hear("callback", rejected)
        yield* pass(atOnceMs)
        expect(yield* shown).toBe("disputed: operator rule-on-dispute")
        expect(yield* nextPollAt).not.toBeNull()
        const before = asked.length
        yield* pass(3 * 60 * secondMs)
        expect(asked.length).toBeGreaterThan(before)
        expect(yield* shown).toBe("disputed: operator rule-on-dispute")
        bank.decision = "APPROVED"
        yield* pass(10 * 60 * secondMs)
        expect(yield* shown).toBe("paidOut: nobody none")
      }),
    ))

  it("is not ended by a rejection before the status: reported by callback, with the quote answered first", () =>
    doubting({ decision: "REJECTED", paidOut: true }, ({ hear, pass, shown, nextPollAt }) =>
      Effect.gen(function* () {
        yield* hear("submission", approved)
        yield* hear("callback", paidOut)
        yield* pass(15 * secondMs)
        expect(yield* shown).toBe("disputed: operator rule-on-dispute")
        expect(yield* nextPollAt).not.toBeNull()
      }),
    ))

  it("does not count if the bank's status denies the callback: then the rejection is the end", () =>
    doubting({ decision: "REJECTED" }, ({ hear, pass, shown, nextPollAt }) =>
      Effect.gen(function* () {
        yield* hear("callback", paidOut)
        yield* hear("callback", rejected)
        yield* pass(atOnceMs)
        expect(yield* shown).toBe("rejected: nobody none")
        yield* pass(20 * 60 * secondMs)
        expect(yield* nextPollAt).toBeNull()
      }),
    ))

  it("is settled by a person's ruling, which the bank's next answers do not dispute again", () =>
    doubting({ decision: "REJECTED", paidOut: true }, ({ hear, pass, shown, nextPollAt, engine }) =>
      Effect.gen(function* () {
        yield* hear("callback", approved, signed, paidOut)
        yield* hear("callback", rejected)
        yield* pass(atOnceMs)
        expect(yield* shown).toBe("disputed: operator rule-on-dispute")
        const ruling = { decision: "rejected", by: "Ada", reason: "the money came back" } as const
        const { loan } = yield* rule(applicationReference, ruling).pipe(
          Effect.provideService(LoanEngine, engine),
        )
        expect(loan.facts.payOutOverruledAt).toBeDefined()
        yield* pass(10 * 60 * secondMs)
        expect(yield* shown).toBe("rejected: nobody none")
        expect(yield* nextPollAt).toBeNull()
      }),
    ))
})
