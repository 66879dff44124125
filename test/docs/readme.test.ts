import { readFileSync } from "node:fs"
import { breakerLimitsDefault } from "@loan-engine/adapters-http/bank-guard"
import { callbackReceiverLimitsDefault } from "@loan-engine/adapters-http/callback-receiver"
import { accessLimitsDefault } from "@loan-engine/app/api/access"
import { loanListLimitsDefault } from "@loan-engine/app/api/loan-list"
import { callbackHealthDefaults } from "@loan-engine/app/callback-health"
import { changeFeedLimitsDefault } from "@loan-engine/app/change-feed"
import { limitSetting } from "@loan-engine/app/limit-settings"
import { cadenceLimitsDefault } from "@loan-engine/app/poll-cadence"
import { pollerDefaults } from "@loan-engine/app/poller"
import { sealingDefaults } from "@loan-engine/app/sealing"
import { serverLimitsDefault } from "@loan-engine/app/server-limits"
import { metricsLimitsDefault } from "@loan-engine/app/telemetry-config"
import { traceExportLimitsDefault } from "@loan-engine/app/telemetry/trace-export"
import { postgresLimitsDefault } from "@loan-engine/app/store/postgres-settings"
import { sqliteLimitsDefault } from "@loan-engine/app/store/sqlite"
import { lifecycleMermaid } from "@loan-engine/domain/lifecycle-picture"
import { describe, expect, it } from "vitest"

const limits = {
  ...serverLimitsDefault,
  ...callbackReceiverLimitsDefault,
  ...pollerDefaults,
  ...cadenceLimitsDefault,
  ...sealingDefaults,
  ...sqliteLimitsDefault,
  ...postgresLimitsDefault,
  ...callbackHealthDefaults,
  ...breakerLimitsDefault,
  ...accessLimitsDefault,
  ...loanListLimitsDefault,
  ...changeFeedLimitsDefault,
  ...metricsLimitsDefault,
  ...traceExportLimitsDefault,
}

describe("the README", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")

  it("shows the lifecycle as the machine has it", () => {
    expect(readme).toContain(`\`\`\`mermaid\n${lifecycleMermaid()}\`\`\``)
  })

  it("names every setting that is read from the environment", () => {
    const source = (file: string): string =>
      readFileSync(new URL(`../../packages/app/src/${file}`, import.meta.url), "utf8")
    const named = new Set(
      ["config.ts", "api-config.ts", "callback-config.ts", "database-config.ts", "telemetry-config.ts"]
        .map(source)
        .flatMap((text) => text.match(/"LOAN_ENGINE_[A-Z_]+"/gu) ?? []),
    )
    for (const limit of Object.keys(limits)) {
      named.add(`"${limitSetting(limit)}"`)
    }
    expect(named.size).toBeGreaterThan(10)
    const settings = [...named].map((name) => name.slice(1, -1))
    const short = (name: string): string => name.replace(/^LOAN_ENGINE_BANK/u, "")
    expect(settings.filter((name) => !readme.includes(name) && !readme.includes(short(name)))).toEqual([])
  })

  it("names no setting that is not read", () => {
    const read = new Set(Object.keys(limits).map(limitSetting))
    const named = readme.match(/`LOAN_ENGINE_[A-Z_]+(?:_MAX|_MS)`/gu) ?? []
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !read.has(name.slice(1, -1)))).toEqual([])
  })
})
