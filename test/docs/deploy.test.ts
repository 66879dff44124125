import { readFileSync } from "node:fs"
import { stopGraceMs } from "@loan-engine/app/cli/run/stop-grace"
import { configOf } from "@loan-engine/app/config/config"
import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import type { Settings } from "@loan-engine/app/config/setting"
import { variableOf } from "@loan-engine/app/config/variable-names"
import { version } from "@loan-engine/app/base/version"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { ourFiles } from "../structure/our-files.ts"

const read = (file: string): string => readFileSync(inCheckout(file), "utf8")
const recipes = ourFiles().filter((file) => file.startsWith("deploy/"))
const page = read("docs/deploy.md")

const settings: Settings = { ...engineSettings, ...accountSettings }
const variables = new Set(
  Object.entries(settings).flatMap(([name, { kind }]) => [
    variableOf(name),
    // Only a secret has a variable that names a file.
    ...(kind.secret ? [`${variableOf(name)}_FILE`] : []),
  ]),
)

describe("the recipes", () => {
  it.each(recipes)("%s names only existing settings", (file) => {
    const named = read(file).match(/LOAN_ENGINE_[A-Z_]*[A-Z]/gu) ?? []
    // In a chart, the template may write the end of a variable's name.
    expect(named.filter((name) => !variables.has(name))).toEqual([])
  })

  it("are all named by the page, or belong to a named recipe", () => {
    const folders = [...page.matchAll(/deploy\/[\w/-]+/gu)].map(([folder]) => folder)
    expect(
      recipes.filter((file) => !page.includes(file) && !folders.some((folder) => file.startsWith(folder))),
    ).toEqual([])
  })

  it("give a stop enough time", async () => {
    const config = await Effect.runPromise(configOf({ allowUnauthenticatedCallbacks: true }))
    const graceSeconds = stopGraceMs(config) / 1_000
    const secondsIn = (file: string, pattern: RegExp) => Number(pattern.exec(read(file))?.[1])
    expect(secondsIn("deploy/systemd/loan-engine.service", /^TimeoutStopSec=(\d+)$/mu)).toBeGreaterThan(
      graceSeconds,
    )
    expect(secondsIn("deploy/compose.yaml", /stop_grace_period: (\d+)s/u)).toBeGreaterThan(graceSeconds)
    expect(Number(/--stop-timeout (\d+)/u.exec(page)?.[1])).toBeGreaterThan(graceSeconds)
    const values = "deploy/helm/loan-engine/values.yaml"
    const drain = secondsIn(values, /^stopDrainSeconds: (\d+)$/mu) - config.serverLimits.stopDrainMs / 1_000
    expect(secondsIn(values, /^terminationGracePeriodSeconds: (\d+)$/mu)).toBeGreaterThan(
      graceSeconds + drain,
    )
  })

  it("have this version, and the Node version of the tests", () => {
    expect(read("deploy/helm/loan-engine/Chart.yaml")).toContain(`appVersion: ${version}\n`)
    const [, major] = /^nodeVersion: (\d+)\./mu.exec(read("pnpm-workspace.yaml")) ?? []
    expect(read("deploy/container/Dockerfile")).toContain(`node:${major}-slim`)
  })
})
