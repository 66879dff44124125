import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { mainPath } from "../../checkout.ts"
import { runCli } from "../../doors/cli/run-cli.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-chaos-"))
afterAll(() => rmSync(directory, { recursive: true }))

/** At this speed, a loan's whole life takes a second or two. */
const speed = ["--speed", "300000"]

/** Runs `start --once` as a user would. Throws if the exit code is not 0. */
async function runOnce(...flags: ReadonlyArray<string>): Promise<Record<string, unknown>> {
  const command = [mainPath, "start", "--once", ...speed, ...flags]
  const { stdout } = await promisify(execFile)(process.execPath, command)
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>
}

describe("P5 agreement: sandbox bank and engine over real HTTP", () => {
  it("agree on every loan without faults, and callbacks bring the news", async () => {
    const summary = await runOnce("--loans", "40", "--seed", "5", "--chaos", "none")
    expect(summary).toMatchObject({ loans: 40, converged: 40, diverged: 0, illegalTransitions: 0 })
    expect(summary["callbacks"]).toMatchObject({ dropped: 0, rejected: 0, forged: 0 })
  })

  it.each(["normal", "hell"])("agree on every loan under %s chaos, and accept no forgery", async (chaos) => {
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
  })

  it("agree on every loan when the bank uses dialects, and count the left-out details by name", async () => {
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

describe("a run that ends with a fault", () => {
  it("exits with 1 and names the fault and the loan, even if every loan agrees with the bank", async () => {
    const database = join(directory, "altered.sqlite")
    const flags = ["--loans", "2", "--chaos", "none", "--database", database]
    const run = (seed: string) => runCli(["start", "--once", ...speed, ...flags, "--seed", seed], {})
    expect(await run("first")).toMatchObject({ code: 0, err: "" })
    const file = new DatabaseSync(database)
    const altered = file
      .prepare(
        `UPDATE loans SET snapshot = replace(snapshot, '"registered":true', '"registered":false')
         WHERE account = 'sandbox' RETURNING application_reference`,
      )
      .all()
      .map((row) => String(row["application_reference"]))
    file.close()
    expect(altered).toHaveLength(2)
    const { code, err } = await run("second")
    expect(code).toBe(1)
    expect(err).toContain("2 journals do not give their loan's snapshot when replayed")
    for (const reference of altered) expect(err).toContain(`${reference}: its `)
    expect(err).not.toContain("differ from the bank's truth")
  })
})
