import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import { describe, expect, it } from "vitest"
import { edge } from "../exhaustive/exploration.ts"
import type { PropertyId } from "../properties/law.ts"
import { properties } from "../properties/law.ts"
import { page } from "./page.ts"
import type { ExhaustiveTotals, Mutation, Report, TestOutcome } from "./report.ts"
import { makeReport } from "./report.ts"
import { requirements, untraced } from "./requirements.ts"

const propertyIds = Object.keys(properties) as ReadonlyArray<PropertyId>

const identity = {
  version: "1.2.3",
  commit: "abc",
  date: "2026-01-02T03:04:05.000Z",
  seed: 42,
  platform: "a machine",
  command: "npx -y pnpm@12 compliance",
}

const legalEdges = stages.flatMap((from) => legalTransitions[from].map((to) => edge(from, to)))

const totals: ExhaustiveTotals = {
  snapshots: 10,
  events: 100,
  steps: 50,
  illegalReached: 0,
  edges: Object.fromEntries(legalEdges.map((name) => [name, 3])),
}

const shown = (property: PropertyId): TestOutcome => ({
  file: "a.test.ts",
  title: `${property} is shown`,
  passed: true,
  errors: [],
  proofs: [{ property, means: "random", cases: 7 }],
  canary: undefined,
})

const canary = (killedBy: ReadonlyArray<PropertyId>): TestOutcome => ({
  ...shown("P1"),
  title: "a canary",
  proofs: [],
  canary: { name: "a <broken> lifecycle", what: "it is broken", killedBy },
})

const sound = [...propertyIds.map(shown), canary(["P1"])]

const report = (
  outcomes: ReadonlyArray<TestOutcome> = sound,
  exhaustive: ExhaustiveTotals | undefined = totals,
  mutation: Mutation | null = null,
): Report => makeReport(identity, outcomes, exhaustive, mutation, 1_000)

describe("a report", () => {
  it("passes when every property was shown, every pair of stages is right, and every canary was found", () => {
    const passed = report()
    expect(passed.failures).toEqual([])
    expect(passed.result).toBe("passed")
    expect(passed.properties.map(({ id, result, cases }) => [id, result, cases])).toEqual(
      propertyIds.map((id) => [id, "passed", 7]),
    )
    expect(passed.transitions).toHaveLength(stages.length ** 2)
  })

  it.each<[string, Report, RegExp]>([
    [
      "a test that failed",
      report([...sound, { ...shown("P2"), passed: false, errors: ["it broke"] }]),
      /it broke/u,
    ],
    [
      "a property that nothing showed",
      report(sound.filter(({ title }) => !title.startsWith("P6"))),
      /P6 was not checked/u,
    ],
    ["no exhaustive check", makeReport(identity, sound, undefined, null, 1), /never exercised/u],
    [
      "a legal pair that was never exercised",
      report(sound, { ...totals, edges: { ...totals.edges, [edge("signed", "paidOut")]: 0 } }),
      /signed -> paidOut is legal but was never exercised/u,
    ],
    [
      "an illegal pair that was reached",
      report(sound, { ...totals, edges: { ...totals.edges, [edge("paidOut", "rejected")]: 1 } }),
      /paidOut -> rejected is illegal but was reached/u,
    ],
    ["a canary that survived", report([...sound, canary([])]), /survived/u],
    ["no canary at all", report(propertyIds.map(shown)), /no canary/u],
    [
      "a mutation score that is too low",
      report(sound, totals, { score: 94.99, killed: 94, total: 100, survivors: [] }),
      /94.99/u,
    ],
    [
      "a survivor without a reason",
      report(sound, totals, {
        score: 99,
        killed: 99,
        total: 100,
        survivors: [{ mutant: "a => b", reason: null }],
      }),
      /a => b/u,
    ],
  ])("fails for %s, and gives this reason", (_what, failed, words) => {
    expect(failed.result).toBe("failed")
    expect(failed.failures.join("\n")).toMatch(words)
    expect(page(failed)).toContain("Failed")
  })

  it("has no requirement without a property, and no property without a requirement", () => {
    expect(untraced(propertyIds)).toEqual([])
    expect(untraced(propertyIds.filter((id) => id !== "P6"))).toEqual([
      "requirement R10 is met by no property",
    ])
    expect(untraced([...propertyIds, "P10" as PropertyId])).toEqual([
      "property P10 comes from no requirement",
    ])
    expect(new Set(requirements.map(({ id }) => id)).size).toBe(requirements.length)
  })
})

describe("the report's page", () => {
  const html = page(report())

  it("needs no script and no network", () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|@import|url\((?!#)/u)
    expect([...html.matchAll(/https?:\/\/[^"\s<]+/gu)].map(([found]) => found)).toEqual([
      "http://www.w3.org/2000/svg",
    ])
  })

  it("shows every property, requirement, pair of stages and canary, and what was checked", () => {
    for (const id of [...propertyIds, ...requirements.map((requirement) => requirement.id)])
      expect(html).toContain(`id="${id}"`)
    expect(html.match(/<td class="legal">/gu)).toHaveLength(legalEdges.length)
    expect(html.match(/<td class="illegal">/gu)).toHaveLength(stages.length ** 2 - legalEdges.length)
    expect(html).toContain("a &lt;broken&gt; lifecycle")
    for (const value of Object.values(identity)) expect(html).toContain(String(value))
  })
})
