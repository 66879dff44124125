import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { describe, expect, it } from "vitest"

const main = fileURLToPath(import.meta.resolve("@loan-engine/app/main"))

/** Runs `start --once` as a user would; throws if it does not exit with 0. */
async function runOnce(...flags: ReadonlyArray<string>): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, "start", "--once", ...flags])
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>
}

describe("P5 agreement: sandbox bank and engine over real HTTP", () => {
  it("converge on every loan when nothing goes wrong, and callbacks alone bring the news", async () => {
    const summary = await runOnce("--loans", "40", "--seed", "5", "--chaos", "none")
    expect(summary).toMatchObject({ loans: 40, converged: 40, diverged: 0, illegalTransitions: 0 })
    expect(summary["callbacks"]).toMatchObject({ dropped: 0, rejected: 0, forged: 0 })
  })

  it.each(["normal", "hell"])(
    "converge on every loan under %s chaos, and let no forgery in",
    async (chaos) => {
      const summary = await runOnce("--loans", "60", "--seed", "11", "--chaos", chaos)
      expect(summary).toMatchObject({
        loans: 60,
        converged: 60,
        diverged: 0,
        illegalTransitions: 0,
        replayMismatches: 0,
        disputed: 0,
      })
      const callbacks = summary["callbacks"] as Record<string, number>
      expect(callbacks["forgedAccepted"]).toBe(0)
      expect(callbacks["dropped"]).toBeGreaterThan(0)
      expect(callbacks["duplicated"]).toBeGreaterThan(0)
      expect(summary["missedCallbacks"]).toBeGreaterThan(0)
    },
  )

  it("converge on every loan when the bank speaks dialects, and count by name what was left out", async () => {
    const summary = await runOnce("--loans", "60", "--seed", "3", "--dialects")
    expect(summary).toMatchObject({
      loans: 60,
      converged: 60,
      illegalTransitions: 0,
      replayMismatches: 0,
      disputed: 0,
    })
    const leftOut = summary["detailsLeftOut"] as Record<string, number>
    expect(Object.keys(leftOut)).toEqual(expect.arrayContaining(["approvedAmount", "interest", "tenor"]))
    expect((summary["callbacks"] as Record<string, number>)["forgedAccepted"]).toBe(0)
  })
})
