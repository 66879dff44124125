import { readFileSync } from "node:fs"
import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import type { Settings } from "@loan-engine/app/config/setting"
import { Ajv2020 } from "ajv/dist/2020.js"
import { settingsSchema } from "../pages/settings-schema.ts"
import { settingsPage } from "../pages/settings-page.ts"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

/** To write the page again: npx -y pnpm@12 test test/docs -u */
const page = inCheckout("docs/configuration.md")

describe("docs/configuration.md", () => {
  it("is written from the settings as they are", async () => {
    await expect(settingsPage()).toMatchFileSnapshot(page)
  })
})

describe("docs/settings.schema.json", () => {
  const schemaFile = inCheckout("docs/settings.schema.json")

  it("is written from the settings as they are", async () => {
    await expect(settingsSchema()).toMatchFileSnapshot(schemaFile)
  })

  const isValid = (settings: unknown): boolean =>
    new Ajv2020({ unicodeRegExp: true }).validate(
      JSON.parse(readFileSync(schemaFile, "utf8")) as object,
      settings,
    )
  const all: Settings = { ...engineSettings, ...accountSettings }

  it.each(Object.entries(all))(
    "takes %s as a file gives it, and nothing of another kind",
    (name, { kind }) => {
      expect(isValid({ [name]: kind.example })).toBe(true)
      expect(isValid({ [name]: null })).toBe(false)
      expect(isValid({ [name]: typeof kind.example === "number" ? "many" : 1 })).toBe(false)
    },
  )

  it("takes accounts, and no name that is not a setting", () => {
    const { bankPassword } = accountSettings
    const of = (account: object): object => ({ $schema: "settings.schema.json", accounts: { se: account } })
    expect(isValid(of({ bankPassword: bankPassword.kind.example }))).toBe(true)
    expect(isValid(of({ port: 8_080 }))).toBe(false)
    expect(isValid({ prot: 8_080 })).toBe(false)
  })
})
