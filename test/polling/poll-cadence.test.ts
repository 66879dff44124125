import { cadenceDefaults, neverPolled, pollQuestions, scheduleAfter } from "@loan-engine/app/poll-cadence"
import type { PollSchedule } from "@loan-engine/app/poll-cadence"
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

/** Where the loan and its schedule are after these observations. */
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

describe("when the bank is asked, and what", () => {
  it("during manual inspection its status too: documents may be waited for, and the callback that says so be lost", () => {
    const { loan, schedule } = after(observation("submission", 10, { type: "decision.pending", at: 10 }))
    expect(pollQuestions(loan, schedule, cadenceDefaults)).toEqual(["status", "quote"])
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
