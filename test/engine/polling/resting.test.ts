import { isDormant } from "@loan-engine/app/schedule/dormancy"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import type { CadenceSettings, PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { scheduleAfter, scheduleAfterFailure, scheduleUnasked } from "@loan-engine/app/schedule/poll-schedule"
import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { Loan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Observation } from "@loan-engine/domain/observation"
import { describe, expect, it } from "vitest"
import { account, observed, reference } from "../../proof/properties/arbitraries.ts"
import { dayMs, minuteMs } from "../../proof/simulation/world.ts"

const heardAt = 1_700_000_000_000
const later = (days: number): number => heardAt + days * dayMs

const known = (stage: Loan["stage"], ...events: ReadonlyArray<LoanEvent>): Loan => ({
  ...openLoan(reference, account),
  registered: true,
  stage,
  facts: joinEvents(noFacts, events),
})
const approved: LoanEvent = { type: "decision.approved", at: heardAt, offer: {} }
const pending: LoanEvent = { type: "decision.pending", at: heardAt }
const signed: LoanEvent = { type: "agreement.signed", at: heardAt }
const rejected: LoanEvent = { type: "decision.rejected", at: heardAt }
const closed: LoanEvent = {
  type: "loan.closed",
  at: heardAt + 1,
  closedFor: "withdrawn",
  by: "Ada",
  approved: true,
}

const plan = (nextPollAt: number | null, more: Partial<PollSchedule> = {}): PollSchedule => ({
  nextPollAt,
  attempts: 60,
  confirm: false,
  stalled: false,
  ...more,
})

/** The schedule after an observation, this many days after the bank's last news. */
function after(
  loan: Loan,
  schedule: PollSchedule,
  said: Partial<Observation>,
  days: number,
  settings: CadenceSettings = cadenceDefaults,
): PollSchedule {
  const observation = { ...observed([]), receivedAt: later(days), ...said }
  return scheduleAfter({ loan, schedule }, observation, observe(loan, observation), settings, 0.5)
}

const failed = (loan: Loan, schedule: PollSchedule, days: number): PollSchedule =>
  scheduleAfterFailure(loan, schedule, later(days), { retryAfterMs: 0, isFault: false }, cadenceDefaults, 0.5)

const inMinutes = (schedule: PollSchedule, days: number): number =>
  Math.round(((schedule.nextPollAt ?? Infinity) - later(days)) / minuteMs)

describe("a loan that rests", () => {
  it.each([
    ["weekly", later(40), 36],
    ["no more", null, 300],
  ])("is woken by any callback, also by one that says nothing new: asked %s", (_how, nextPollAt, days) => {
    const loan = known("approved", approved)
    const resting = plan(nextPollAt)
    expect(isDormant(loan, resting, cadenceDefaults)).toBe(true)
    const woken = after(loan, resting, { events: [{ ...approved, at: later(days) }] }, days)
    expect(woken).toMatchObject({ attempts: 0, confirm: true, stalled: false })
    expect(inMinutes(woken, days)).toBe(0)
  })

  it.each<[string, Loan]>([
    ["an inspected loan", known("manualInspection", pending)],
    ["an approved loan", known("approved", approved)],
  ])("keeps its open confirmation, even if the bank does not answer: %s", (_name, loan) => {
    const held = after(
      loan,
      plan(null, { attempts: 70 }),
      { hold: "signature-unverifiable", events: [signed] },
      300,
    )
    expect(held).toMatchObject({ nextPollAt: later(300), confirm: true })
    const unanswered = failed(loan, held, 300)
    expect(unanswered.confirm).toBe(true)
    expect(inMinutes(unanswered, 300)).toBe(15)
  })

  it("is not polled every quarter of an hour without end", () => {
    for (const loan of [known("approved", approved), known("approved", approved, closed)]) {
      let schedule = plan(later(300), { attempts: 0, confirm: true })
      let asked = 0
      for (let at = 300; at < 330; asked++) {
        schedule = failed(loan, schedule, at)
        at = ((schedule.nextPollAt ?? Infinity) - heardAt) / dayMs
      }
      expect(asked).toBeLessThan(125)
      expect(schedule.confirm).toBe(true)
    }
  })

  it("is not given up because the bank is unreachable: a failed poll does not count as silence", () => {
    const loan = known("approved", approved)
    const unanswered = failed(loan, plan(later(400), { attempts: 95 }), 400)
    expect(unanswered).toMatchObject({ stalled: true, nextPollAt: later(430) })
  })

  it("is active at once when the bank makes another offer, after any number of polls in vain", () => {
    const loan = known("approved", approved)
    const offered: LoanEvent = { ...approved, at: later(200), fresh: true, offer: { tenor: 12 } }
    const answered = after(
      loan,
      plan(later(200), { attempts: 95, stalled: true }),
      { source: "quote", evidence: "bank", events: [offered] },
      200,
    )
    expect(answered).toMatchObject({ attempts: 0, stalled: false })
    expect(inMinutes(answered, 200)).toBe(60)
  })
})

describe("an open confirmation", () => {
  const ended = known("rejected", { type: "decision.rejected", at: heardAt, fresh: true })
  const confirming = plan(later(1), { attempts: 0, confirm: true })
  const bank = { evidence: "bank" } as const

  it.each<[string, Partial<Observation>]>([
    ["the old rejection again", { events: [{ type: "decision.rejected", at: later(1) }] }],
    [
      "a request for documents",
      { events: [{ type: "addition.requested", at: later(1), requiredDocuments: ["ID"] }] },
    ],
    [
      "a late registration",
      { source: "submission", evidence: "merchant", events: [{ ...pending, at: later(1) }] },
    ],
    ["a closing", { source: "operator", evidence: "operator", events: [closed] }],
    [
      "an answer about the status",
      { source: "poll", ...bank, events: [{ type: "addition.cleared", at: later(1) }] },
    ],
  ])("of a rejected loan is not settled by %s", (_name, said) => {
    const after1 = after(ended, confirming, said, 1)
    expect(after1.confirm).toBe(true)
    expect(after1.nextPollAt).toBeLessThanOrEqual(later(1))
  })

  it("is settled by the bank's decision", () => {
    const answer = {
      source: "quote",
      ...bank,
      events: [{ ...rejected, at: later(1), fresh: true as const }],
    } as const
    expect(after(ended, confirming, answer, 1)).toMatchObject({ nextPollAt: null, confirm: false })
  })

  it("is not removed by a callback about something else", () => {
    const said = after(known("approved", approved), confirming, { events: [{ ...signed, at: later(1) }] }, 1)
    expect(said).toMatchObject({ confirm: true, nextPollAt: later(1) })
  })

  it("is a new doubt, after any number of polls before", () => {
    const loan = known("signed", approved, signed)
    const doubted = after(
      loan,
      plan(later(50), { attempts: 95 }),
      { events: [{ ...rejected, at: later(20) }] },
      20,
    )
    expect(doubted).toMatchObject({ attempts: 0, confirm: true, nextPollAt: later(20) })
    const unanswered = failed(loan, doubted, 20)
    expect(unanswered.stalled).toBe(false)
    expect(inMinutes(unanswered, 20)).toBe(15)
  })

  it("is polled for every day after a day without an answer from the bank", () => {
    const tired = failed(
      known("disputed", approved, rejected),
      plan(later(2), { attempts: 95, confirm: true }),
      2,
    )
    expect(tired).toMatchObject({ confirm: true, stalled: true, nextPollAt: later(3) })
  })

  it("keeps a stalled loan stalled, until the bank answers", () => {
    const loan = known("manualInspection", pending)
    expect(failed(loan, plan(later(60), { stalled: true }), 60).stalled).toBe(true)
  })
})

describe("a loan that is closed", () => {
  const closing = { source: "operator", evidence: "operator", events: [closed] } as const

  it("keeps its open confirmation", () => {
    const loan = known("approved", approved)
    const confirming = plan(later(2), { confirm: true })
    const none = { ...cadenceDefaults, closedMonthlyDays: 0 }
    expect(after(loan, confirming, closing, 2, none)).toEqual(confirming)
    expect(after(loan, plan(later(2)), closing, 2, none)).toMatchObject({ nextPollAt: null })
    // The same is true if the loan was closed before for another reason.
    const again = known("approved", approved, closed)
    expect(after(again, confirming, closing, 2)).toEqual(confirming)
  })

  it("needs nobody's attention, in any case", () => {
    const disputed = known("disputed", approved, rejected, closed)
    expect(
      after(known("signed", approved, signed), plan(later(2), { stalled: true }), closing, 2).stalled,
    ).toBe(false)
    expect(failed(disputed, plan(later(2), { attempts: 200, confirm: true }), 2).stalled).toBe(false)
    expect(scheduleUnasked(disputed, plan(later(2)), later(2), 3 * dayMs, cadenceDefaults).stalled).toBe(
      false,
    )
  })

  it("is polled soon after an operator opens it again, even if the bank had ended it", () => {
    const ended = known("rejected", { ...rejected, fresh: true }, closed)
    const opening = {
      source: "operator",
      evidence: "operator",
      events: [{ type: "loan.reopened", at: later(5), by: "Lin" }],
    } as const
    const opened = after(ended, plan(null), opening, 5)
    expect(opened.confirm).toBe(true)
    expect(inMinutes(opened, 5)).toBe(0)
  })
})
