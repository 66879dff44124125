import { readFileSync } from "node:fs"
import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import { variableOf } from "@loan-engine/app/config/variable-names"
import { lifecycleMermaid } from "./pages/lifecycle-picture.ts"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"

const read = (page: string): string => readFileSync(inCheckout(page), "utf8")

describe("the README", () => {
  const readme = read("README.md")

  it("fits on two screens, and links to the other pages", () => {
    expect(readme.split("\n").length).toBeLessThan(100)
    for (const page of ["operating", "api", "lifecycle", "configuration", "embedding"])
      expect(readme).toContain(`(docs/${page}.md)`)
  })
})

describe("docs/lifecycle.md", () => {
  it("shows the lifecycle as the machine has it", () => {
    expect(read("docs/lifecycle.md")).toContain(`\`\`\`mermaid\n${lifecycleMermaid()}\`\`\``)
  })
})

describe("the pages that a newcomer reads first", () => {
  const text = ["README.md", "docs/operating.md", "docs/api.md"].map(read).join("\n")

  it("name no setting that is not read", () => {
    const settings = Object.keys({ ...engineSettings, ...accountSettings })
    const known = new Set(["LOAN_ENGINE_CONFIG_FILE", "LOAN_ENGINE_ACCOUNTS"])
    for (const setting of settings) known.add(variableOf(setting)).add(variableOf(setting, "se"))
    const named = text.match(/LOAN_ENGINE_[A-Z_]+/gu) ?? []
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })
})
