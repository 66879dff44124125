import { isDormant, restAfterMs, restOf } from "@loan-engine/app/schedule/dormancy"
import { cadenceDefaults, horizonsDefault } from "@loan-engine/app/schedule/poll-cadence"
import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import { stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { openLoan } from "@loan-engine/domain/loan"
import type { Loan } from "@loan-engine/domain/loan"
import { describe, expect, it } from "vitest"
import { account, reference } from "../../proof/properties/arbitraries.ts"
import { dayMs } from "../../proof/simulation/world.ts"
import { liveInSilence, restless, silentLives } from "./simulator/silent-lives.ts"

const heardAt = 1_700_000_000_000
const later = (days: number): number => heardAt + days * dayMs
const at = (stage: Stage): Loan => ({
  ...openLoan(reference, account),
  registered: true,
  stage,
  facts: joinEvents(noFacts, [{ type: "decision.pending", at: heardAt }]),
})
const closed = (loan: Loan): Loan => ({
  ...loan,
  facts: joinEvents(loan.facts, [{ type: "loan.closed", at: heardAt, closedFor: "expired", by: "Ada" }]),
})

const { dormantWeeklyDays, dormantMonthlyDays, closedMonthlyDays } = horizonsDefault
const horizonDays: { readonly [S in Stage]: number } = {
  submitted: 30,
  manualInspection: 30,
  approved: 30,
  waitingForAddition: 30,
  signed: 60,
  disputed: 60,
  rejected: 60,
  paidOut: 60,
}
const bankActs = new Set<Stage>(["submitted", "manualInspection", "signed", "disputed"])

describe("a loan without news from the bank", () => {
  it.each(stages)("rests at %s from its horizon on: weekly, monthly, then not at all", (stage) => {
    const rest = (days: number) => restOf(at(stage), 0, later(days), cadenceDefaults)
    const horizon = horizonDays[stage]
    const stalled = bankActs.has(stage)
    expect(rest(horizon - 0.001)).toBeUndefined()
    expect(rest(horizon)).toEqual({ intervalMs: 7 * dayMs, stalled })
    expect(rest(horizon + dormantWeeklyDays - 0.001)).toEqual({ intervalMs: 7 * dayMs, stalled })
    expect(rest(horizon + dormantWeeklyDays)).toEqual({ intervalMs: 30 * dayMs, stalled })
    expect(rest(horizon + dormantWeeklyDays + dormantMonthlyDays)).toEqual({ intervalMs: null, stalled })
  })

  it.each(stages)("rests at %s at once when an operator closes it, and needs no person", (stage) => {
    const rest = (days: number, settings = cadenceDefaults) =>
      restOf(closed(at(stage)), 0, later(days), settings)
    expect(rest(0)).toEqual({ intervalMs: 30 * dayMs, stalled: false })
    expect(rest(closedMonthlyDays)).toEqual({ intervalMs: null, stalled: false })
    expect(rest(0, { ...cadenceDefaults, closedMonthlyDays: 0 })).toEqual({
      intervalMs: null,
      stalled: false,
    })
  })

  it("uses the bank's time if the bank's time runs faster", () => {
    const fast = { ...cadenceDefaults, pollIntervalScale: 1 / 1_000 }
    expect(restOf(at("approved"), 0, heardAt + 29 * (dayMs / 1_000), fast)).toBeUndefined()
    expect(restOf(at("approved"), 0, heardAt + 31 * (dayMs / 1_000), fast)).toEqual({
      intervalMs: 7 * (dayMs / 1_000),
      stalled: false,
    })
    expect(restAfterMs(fast)).toBe(restAfterMs(cadenceDefaults) / 1_000)
  })

  it("is dormant while its next poll is beyond the horizon, or no poll is planned although the loan has not ended", () => {
    const plan = { attempts: 3, confirm: false, stalled: false }
    const dormant = (loan: Loan, nextPollAt: number | null, confirm = false) =>
      isDormant(loan, { ...plan, nextPollAt, confirm }, cadenceDefaults)
    expect(dormant(at("approved"), later(29))).toBe(false)
    expect(dormant(at("approved"), later(31))).toBe(true)
    expect(dormant(at("approved"), null)).toBe(true)
    expect(dormant(at("paidOut"), null)).toBe(false)
    // A callback has made the loan active again.
    expect(dormant(at("approved"), later(31), true)).toBe(false)
    expect(dormant(closed(at("approved")), later(31))).toBe(false)
  })

  it("without any trusted report is given up after the engine has polled for it in vain for that time", () => {
    const stranger = openLoan(reference, account)
    const asked = (attempts: number) => restOf(stranger, attempts, heardAt, cadenceDefaults)
    expect(asked(12)).toBeUndefined()
    expect(asked(45)).toEqual({ intervalMs: 7 * dayMs, stalled: false })
    expect(asked(300)).toEqual({ intervalMs: null, stalled: false })
    // The engine polls for a registered loan without end. The merchant registered it, even if the bank has reported
    // nothing.
    const registered = restOf({ ...stranger, registered: true }, 300, heardAt, cadenceDefaults)
    expect(registered).toEqual({ intervalMs: 30 * dayMs, stalled: true })
  })
})

describe("a life without further news", () => {
  const years = 3 * 365

  it.each(silentLives)("ends the polls within a year, and costs less: $name", (life) => {
    const { closedAfterDays: _closedAfterDays, ...before } = life
    const was = liveInSilence(before, years, restless)
    const is = liveInSilence(life, years, cadenceDefaults)
    expect(was.lastDay).toBeNull()
    expect(is.lastDay).toBeLessThan(365)
    expect(is.requests).toBeLessThan(was.requests)
    expect(is.stalled).toBe(
      life.name === "inspected, never decided" || life.name === "signed, never paid out",
    )
  })
})
