import { Config, Effect } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"

export const databaseUrl = Config.withDefault(Config.String("LOAN_ENGINE_DATABASE_URL"), "loan-engine.sqlite")

/** A file's path, with or without `file:`. PostgreSQL is not supported yet, and says so. */
export function databaseFile(url: string): Effect.Effect<string, ConfigUnusable> {
  if (/^postgres(?:ql)?:/u.test(url)) {
    return Effect.fail(
      new ConfigUnusable({
        message:
          "LOAN_ENGINE_DATABASE_URL names a PostgreSQL server, but this version stores in an SQLite file: give its path.",
      }),
    )
  }
  return Effect.succeed(url.replace(/^file:(?:\/\/)?/u, ""))
}
