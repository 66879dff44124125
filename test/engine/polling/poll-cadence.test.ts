import { cadenceDefaults, cadences, neverPolled, pollQuestions } from "@loan-engine/app/schedule/poll-cadence"
import type { PollSchedule } from "@loan-engine/app/schedule/poll-cadence"
import { scheduleAfter, scheduleAfterFailure, scheduleUnasked } from "@loan-engine/app/schedule/poll-schedule"
import { observe, openLoan } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Observation } from "@loan-engine/domain/observation"
import { describe, expect, it } from "vitest"

const account = AccountName.make("se")
const opened = openLoan(ApplicationReference.make("A"), account)

const observation = (source: Observation["source"], at: number, ...events: ReadonlyArray<LoanEvent>) => ({
  applicationReference: opened.applicationReference,
  account,
  source,
  evidence: source === "operator" ? ("operator" as const) : ("bank" as const),
  receivedAt: at,
  events,
})

/** The loan and its schedule after these observations. */
function after(...observations: ReadonlyArray<Observation>) {
  let loan = opened
  let schedule: PollSchedule = neverPolled
  for (const observed of observations) {
    const decision = observe(loan, observed)
    schedule = scheduleAfter({ loan, schedule }, observed, decision, cadenceDefaults, 0.5)
    loan = decision.loan
  }
  return { loan, schedule }
}

describe("when the engine polls, and with which questions", () => {
  it("during manual inspection also for the status: the callback about documents may be lost", () => {
    const { loan, schedule } = after(observation("submission", 10, { type: "decision.pending", at: 10 }))
    expect(pollQuestions(loan, schedule, cadenceDefaults)).toEqual(["status", "quote"])
  })

  it("for the bank's own answer on a decision that only the merchant has reported", () => {
    const registered = (event: LoanEvent) => ({
      ...observation("submission", 10, event),
      evidence: "merchant" as const,
    })
    const rejected = after(registered({ type: "decision.rejected", at: 10 }))
    expect(rejected.schedule.nextPollAt).toBe(10 + cadences.rejected.firstMs)
    expect(pollQuestions(rejected.loan, rejected.schedule, cadenceDefaults)).toEqual(["quote"])
    const approved = { type: "decision.approved", at: 10, offer: { tenor: 12 } } as const
    const handedOver = after(registered(approved))
    expect(pollQuestions(handedOver.loan, handedOver.schedule, cadenceDefaults)).toEqual(["status", "quote"])
    const answered = after(
      registered(approved),
      observation("quote", 20, { ...approved, at: 20, fresh: true }),
    )
    expect(pollQuestions(answered.loan, answered.schedule, cadenceDefaults)).toEqual(["status"])
  })

  it("after an operator has ruled a loan rejected, until the bank itself says so", () => {
    const contradicted = [
      observation("submission", 10, { type: "decision.approved", at: 10 }),
      observation("callback", 20, { type: "decision.rejected", at: 20 }),
    ]
    const ruled = observation("operator", 30, {
      type: "dispute.ruled",
      at: 30,
      decision: "rejected",
      by: "an operator",
      reason: "after a call to the bank",
    })
    const { loan, schedule } = after(...contradicted, ruled)
    expect(loan.stage).toBe("rejected")
    expect(schedule.nextPollAt).toBeGreaterThan(30)
    const confirmed = observation("quote", 40, { type: "decision.rejected", at: 40, fresh: true })
    expect(after(...contradicted, ruled, confirmed).schedule.nextPollAt).toBeNull()
  })
})

describe("when the next poll is due", () => {
  const pending = observation("submission", 0, { type: "decision.pending", at: 0 })
  const status = (at: number) => observation("poll", at, { type: "addition.cleared", at })
  const quote = (at: number) => observation("quote", at, { type: "decision.pending", at })
  const approved = (at: number) => observation("quote", at, { type: "decision.approved", at, fresh: true })
  const hourMs = 3_600_000

  it("a poll counts once, with its last answer, however many questions it asks", () => {
    const planned = after(pending).schedule
    expect(after(pending, status(hourMs)).schedule).toEqual(planned)
    const { schedule } = after(pending, status(hourMs), quote(hourMs))
    expect(schedule.attempts).toBe(1)
    expect(schedule.nextPollAt).toBe(hourMs + cadences.manualInspection.firstMs)
  })

  it("news begins the cadence of the stage it leads to", () => {
    const { schedule } = after(pending, status(hourMs), quote(hourMs), status(9), approved(2 * hourMs))
    expect(schedule).toEqual({
      nextPollAt: 2 * hourMs + cadences.approved.firstMs,
      attempts: 0,
      confirm: false,
      stalled: false,
    })
  })

  it("the interval is steady, then grows to a day, and is a week once the loan is stalled", () => {
    const { pollAttemptsMax, pollIntervalMaxMs, pollStalledMs } = cadenceDefaults
    const { firstMs, steadyPolls, growth } = cadences.signed
    const signed = observation("poll", 0, { type: "agreement.signed", at: 0 })
    let { loan, schedule } = after(approved(0), signed)
    const intervals: Array<number> = []
    for (let polls = 0; polls <= pollAttemptsMax; polls++) {
      const at = schedule.nextPollAt ?? 0
      const asked = {
        ...status(at),
        source: pollQuestions(loan, schedule, cadenceDefaults).length > 1 ? "quote" : "poll",
      } as const
      const decision = observe(loan, asked.source === "quote" ? approved(at) : asked)
      schedule = scheduleAfter({ loan, schedule }, asked, decision, cadenceDefaults, 0.5)
      loan = decision.loan
      intervals.push((schedule.nextPollAt ?? 0) - at)
    }
    expect(new Set(intervals.slice(0, steadyPolls))).toEqual(new Set([firstMs]))
    expect(intervals[steadyPolls]).toBe(firstMs * growth)
    expect(intervals[pollAttemptsMax - 2]).toBe(pollIntervalMaxMs)
    expect(intervals[pollAttemptsMax]).toBe(pollStalledMs)
    expect(schedule.stalled).toBe(true)
  })

  it("a confirmation that becomes due during a poll is still made", () => {
    const held = { ...observation("callback", 2 * hourMs), evidence: "none" as const }
    const { schedule } = after(pending, held, quote(2 * hourMs + 1))
    expect(schedule).toMatchObject({ confirm: true, nextPollAt: 2 * hourMs })
  })

  it("a confirmation without an answer is retried soon, for any silence of the loan", () => {
    const { loan, schedule } = after(pending, status(hourMs), quote(hourMs))
    const failed = (confirm: boolean, attempts = 40) =>
      scheduleAfterFailure(
        loan,
        { ...schedule, attempts, confirm },
        0,
        { retryAfterMs: 0, isFault: false },
        cadenceDefaults,
        0.5,
      )
    expect(failed(true)).toMatchObject({ confirm: true, nextPollAt: cadenceDefaults.pollConfirmRetryMs })
    expect(failed(false).nextPollAt).toBeGreaterThan(hourMs)
    const stalled = failed(true, cadenceDefaults.pollAttemptsMax)
    expect(stalled).toMatchObject({ stalled: true, nextPollAt: cadenceDefaults.pollIntervalMaxMs })
  })

  it("a poll that was not sent is made after the bank's pause, and does not count", () => {
    const { loan, schedule } = after(pending, status(hourMs), quote(hourMs))
    const paused = { ...schedule, nextPollAt: hourMs + 60_000 }
    expect(scheduleUnasked(loan, schedule, hourMs, 60_000, cadenceDefaults)).toEqual(paused)
  })
})

describe("a message that could not be read as a whole", () => {
  it("makes the engine poll at once if it registers a loan without a decision", () => {
    const { loan, schedule } = after({ ...observation("submission", 10), leftOut: ["decision"] })
    expect([loan.registered, schedule.nextPollAt, schedule.confirm]).toEqual([true, 10, true])
  })

  it("makes the engine poll soon if it is an approval with an incomplete offer", () => {
    const approved = observation("callback", 10, { type: "decision.approved", at: 10 })
    const plain = after(observation("submission", 1), approved).schedule
    const garbled = after(observation("submission", 1), { ...approved, leftOut: ["interest"] }).schedule
    expect([plain.confirm, garbled.confirm]).toEqual([false, true])
    expect(garbled.nextPollAt).toBeLessThan(plain.nextPollAt ?? 0)
  })

  it("does not cause repeated polls if it is the bank's own answer", () => {
    const unknown = { ...observation("quote", 10), hold: "unknown-event-type" as const }
    const { loan, schedule } = after(observation("submission", 1), unknown)
    expect(loan.stage).toBe("submitted")
    expect(schedule.confirm).toBe(false)
    expect(schedule.nextPollAt).toBeGreaterThan(60_000)
  })

  it("needs a person if it is the bank's own answer, until the bank reports more", () => {
    const unknown = { ...observation("quote", 10), hold: "unknown-event-type" as const }
    const known = observation("quote", 20, { type: "decision.approved", at: 20, fresh: true })
    expect(after(observation("submission", 1), unknown).schedule.stalled).toBe(true)
    expect(after(observation("submission", 1), unknown, known).schedule.stalled).toBe(false)
  })

  it("needs a person, and no poll, if its reference is unusable", () => {
    const { schedule } = after({ ...observation("callback", 10), hold: "reference-unusable" })
    expect(schedule).toMatchObject({ stalled: true, nextPollAt: null, confirm: false })
  })
})
