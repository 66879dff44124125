import { Effect, Redacted } from "effect"
import { Command } from "effect/cli"
import { operatorConfig, servedConfig, settingsFromEnvironment } from "../config/config.ts"
import type { AccountConfig } from "../config/config.ts"
import type { Found } from "../config/read-settings.ts"
import { databasePlace } from "../store/database.ts"
import { jsonFlag, print, table } from "./output.ts"

/** `loan-engine config`: every setting in force, and its source. A secret is shown only as `(hidden)`. */
export const config = Command.make(
  "config",
  { json: jsonFlag },
  Effect.fn(function* ({ json }) {
    const settings = yield* settingsFromEnvironment
    const { database, accounts } = yield* operatorConfig(settings)
    const place = databasePlace(database)
    const shown = settings.found.map((found) => ({
      setting: found.name,
      value: inForce(found, place, accounts) ?? valueShown(found),
      from: found.source?.from ?? "default",
    }))
    const rows = shown.map(({ setting, value, from }) => [setting, textOf(value), from])
    yield* print(json, { settings: shown }, table(["setting", "value", "from"], rows))
    yield* servedConfig(settings)
  }),
).pipe(
  Command.withDescription(
    "Print the settings in force, without secrets, and whether serve would start with them",
  ),
)

/**
 * The value that is used, if it differs from the written one: the database without its password, or a country's
 * currency.
 */
function inForce({ setting, account }: Found, place: string, accounts: ReadonlyArray<AccountConfig>) {
  if (setting === "databaseUrl") return place
  return setting === "currency" ? accounts.find(({ name }) => name === account)?.currency : undefined
}

const valueShown = ({ value, kind }: Found): unknown =>
  value === undefined
    ? null
    : kind.secret || Redacted.isRedacted(value)
      ? "(hidden)"
      : typeof value === "string"
        ? value.replace(/(?<=^https?:[^?]*\?).+$/u, "(hidden)")
        : value

const textOf = (value: unknown): string =>
  value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)
