import { readFileSync } from "node:fs"
import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import { variableOf } from "@loan-engine/app/config/variable-names"
import { lifecycleMermaid } from "@loan-engine/domain/lifecycle-picture"
import { describe, expect, it } from "vitest"

describe("the README", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")

  it("shows the lifecycle as the machine has it", () => {
    expect(readme).toContain(`\`\`\`mermaid\n${lifecycleMermaid()}\`\`\``)
  })

  it("names no setting that is not read", () => {
    const settings = Object.keys({ ...engineSettings, ...accountSettings })
    const read = new Set(["LOAN_ENGINE_CONFIG_FILE", "LOAN_ENGINE_ACCOUNTS"])
    for (const setting of settings) read.add(variableOf(setting)).add(variableOf(setting, "se"))
    const named = readme.match(/LOAN_ENGINE_[A-Z_]+/gu) ?? []
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !read.has(name))).toEqual([])
  })
})
