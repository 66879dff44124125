import { readFileSync } from "node:fs"
import { cadenceDefaults } from "@loan-engine/app/schedule/poll-cadence"
import { describe, expect, it } from "vitest"
import { hourMs, secondMs } from "../../proof/simulation/world.ts"
import { asAssumed } from "./simulator/bank-life.ts"
import { callbackTransitMs } from "./simulator/callback-arrivals.ts"
import { compareWithFixed, delayGoals } from "./simulator/comparison.ts"
import { fixedPacing } from "./simulator/pacing.ts"
import { simulatePolling } from "./simulator/poll-simulator.ts"
import type { PollWorld } from "./simulator/poll-simulator.ts"
import { cadenceTable, delaysTable, sharesTable, silenceTable } from "./simulator/poll-tables.ts"

const size = { seed: "1", loans: 3_000, days: 90 }
const allLost: PollWorld = { ...size, chaos: "none", lostShare: 1 }

describe("with every callback lost, the cadence beside a fixed interval of equal cost", () => {
  it.each([1, 0.5, 2])("reaches its goals with %f times the assumed delays", (delayScale) => {
    const { ours, fixed, times } = compareWithFixed(size, { ...asAssumed, delayScale })
    expect(fixed.figures.requestsPerLoan).toBeGreaterThanOrEqual(ours.requestsPerLoan)
    expect(times.median).toBeGreaterThanOrEqual(delayGoals.median)
    expect(times.p95).toBeGreaterThanOrEqual(delayGoals.p95)
  })

  it("misses them if it polls rarely too early", () => {
    const settings = { ...cadenceDefaults, pollAttemptsMax: 10 }
    expect(compareWithFixed({ ...size, settings }).times.p95).toBeLessThan(delayGoals.p95)
  })
})

describe("the simulator", () => {
  it("gives the same figures from the same seed, and others from another", () => {
    const world: PollWorld = { ...size, loans: 500, chaos: "hell", lostShare: 0.2 }
    expect(simulatePolling(world)).toEqual(simulatePolling(world))
    expect(simulatePolling({ ...world, seed: "2" })).not.toEqual(simulatePolling(world))
  })

  it("measures for a fixed interval delays that are spread evenly from zero to the interval", () => {
    const intervalMs = 6 * hourMs
    const { delayMs } = simulatePolling(allLost, fixedPacing(intervalMs, cadenceDefaults))
    expect(delayMs.median / intervalMs).toBeCloseTo(0.5, 1)
    expect(delayMs.p95 / intervalMs).toBeCloseTo(0.95, 1)
  })

  it("knows a change when its callback arrives, and later if more callbacks are lost", () => {
    const delays = [0, 0.2, 1].map((lostShare) => simulatePolling({ ...allLost, lostShare }).delayMs)
    expect(delays[0]?.median).toBe(callbackTransitMs)
    const p95s = delays.map(({ p95 }) => p95)
    expect(p95s).toEqual(p95s.toSorted((a, b) => a - b))
    expect(new Set(p95s).size).toBe(3)
  })

  it("sees callbacks that chaos holds back or repeats", () => {
    const [none, hell] = (["none", "hell"] as const).map((chaos) =>
      simulatePolling({ ...size, chaos, lostShare: 0 }),
    )
    expect(hell?.delayMs.median).toBeGreaterThan((none?.delayMs.median ?? 0) + secondMs)
  })
})

describe("docs/polling.md", () => {
  const page = readFileSync(new URL("../../../docs/polling.md", import.meta.url), "utf8")

  it.each([
    ["cadence", cadenceTable],
    ["silence", silenceTable],
    ["delays", delaysTable],
    ["shares", sharesTable],
  ] as const)("shows the %s as they are", (_, table) => {
    expect(page).toContain(table())
  })
})
