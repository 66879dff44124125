import { Config, Schema } from "effect"

/** The environment variable that sets a limit: `callbackBytesMax` is set by `LOAN_ENGINE_CALLBACK_BYTES_MAX`. */
export const limitSetting = (name: string): string =>
  `LOAN_ENGINE_${name.replace(/[A-Z]/gu, (letter) => `_${letter}`).toUpperCase()}`

const Limit = Schema.Int.check(Schema.isGreaterThan(0))

/** Limits as the environment sets them, each by its own name; the rest as they are by default. */
export const limitsFromEnvironment = <Limits extends { readonly [Name in keyof Limits]: number }>(
  defaults: Limits,
): Config.Config<Limits> => {
  const settings: Record<string, Config.Config<number>> = {}
  for (const [name, value] of Object.entries<number>(defaults)) {
    settings[name] = Config.withDefault(Config.schema(Limit, limitSetting(name)), value)
  }
  return Config.map(Config.all(settings), (set) => ({ ...defaults, ...set }))
}
