import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import type { AnySetting, Settings } from "@loan-engine/app/config/setting"
import { Redacted, Schema } from "effect"

/** `docs/settings.schema.json`: the settings of a file, for editors and for tools that write such files. */
export function settingsSchema(): string {
  const ofAccount = propertiesOf(accountSettings)
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Settings of the loan engine",
    type: "object",
    properties: {
      $schema: { type: "string" },
      accounts: {
        description:
          "The accounts by name. The name is also the last part of the path of the account's callbacks.",
        type: "object",
        additionalProperties: { type: "object", properties: ofAccount, additionalProperties: false },
      },
      ...propertiesOf(engineSettings),
      ...ofAccount,
    },
    additionalProperties: false,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

const propertiesOf = (settings: Settings) =>
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, propertyOf(setting)]))

function propertyOf({ about, default: value, kind, also }: AnySetting) {
  const { schema } = Schema.toJsonSchemaDocument(kind.schema, { onExcessProperty: "error" })
  const plain = Redacted.isRedacted(value) ? undefined : value
  return {
    description: [about, `It must be ${kind.expected}`, ...(also === undefined ? [] : [also])].join(". "),
    ...schema,
    ...(plain === undefined ? {} : { default: plain }),
  }
}
