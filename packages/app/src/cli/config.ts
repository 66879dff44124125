import { Effect, Redacted } from "effect"
import { Command } from "effect/cli"
import { databaseConfig } from "../config/database-config.ts"
import { servedConfig, settingsFromEnvironment } from "../config/config.ts"
import type { Found, SettingsRead } from "../config/read-settings.ts"
import { databasePlace } from "../store/database.ts"
import { jsonFlag, print, table } from "./output.ts"

/** `loan-engine config`: every setting in force, and where it is from; secrets are only said to be set. */
export const config = Command.make(
  "config",
  { json: jsonFlag },
  Effect.fn(function* ({ json }) {
    const settings = yield* settingsFromEnvironment
    const place = databasePlace(yield* databaseConfig(settings))
    const shown = settings.found.map((found) => ({
      setting: nameOf(found, settings),
      value: found.setting === "databaseUrl" ? place : valueShown(found),
      from: found.source?.from ?? "default",
    }))
    const { ignored } = settings
    yield* print(json, { settings: shown, ignored }, [
      ...table(
        ["setting", "value", "from"],
        shown.map(({ setting, value, from }) => [setting, textOf(value), from]),
      ),
      ...ignored.map(ignoredLine),
    ])
    yield* servedConfig(settings)
  }),
).pipe(
  Command.withDescription(
    "Print the settings in force, secrets hidden, and whether serve would start on them",
  ),
)

/** Who else uses the environment may call its variables as ours are called; most often, one of ours is misspelt. */
export const ignoredLine = (name: string): string =>
  `${name} is set, but is none of our settings: is it misspelt?`

const nameOf = ({ setting, account, source }: Found, settings: SettingsRead): string => {
  const own = account === undefined || settings.accounts.length > 1 ? account : undefined
  return source?.nameOf(setting, account) ?? settings.nameOf(setting, own)
}

const valueShown = ({ value, kind }: Found): unknown =>
  value === undefined ? null : kind.secret || Redacted.isRedacted(value) ? "(hidden)" : value

const textOf = (value: unknown): string =>
  value === null ? "" : typeof value === "string" ? value : JSON.stringify(value)
