import { Redacted } from "effect"
import { anchorLimits } from "../../feed/anchors.ts"
import { sealingLimits } from "../../feed/sealing.ts"
import { readLimits } from "../../ports/read-turns.ts"
import { postgresDefaults, postgresOnlyLimits } from "../../store/postgres/settings.ts"
import { sqliteLimits } from "../../store/sqlite/store.ts"
import { kinds } from "../kinds.ts"
import { also, limitSettings, optional, withDefault } from "../setting.ts"

const { flag, text, url } = kinds

export const store = {
  databaseUrl: withDefault(
    kinds.database,
    Redacted.make("loan-engine.sqlite"),
    "for one engine, the path of an SQLite file. For several engines, `postgres://user:password@host:5432/database?sslmode=require`. `…@one:5432,two:5432/…` names a primary and its standbys",
  ),
  databaseSchema: also(
    "It has lower-case letters, digits and underscores, and does not begin with a digit or `pg_`",
    withDefault(text, postgresDefaults.schema, "PostgreSQL: the schema that holds the engine's tables"),
  ),
  databaseNotify: withDefault(
    flag,
    true,
    "PostgreSQL: whether engines notify each other with LISTEN and NOTIFY. Set it to `false` if a pooler shares sessions between transactions",
  ),
  ...limitSettings(readLimits),
  ...limitSettings(sqliteLimits),
  ...limitSettings(postgresOnlyLimits),
  ...limitSettings(sealingLimits),
  ...limitSettings(anchorLimits),
  anchorsFile: also(
    "It must not be a file of the store itself",
    optional(
      text,
      "the file for anchors. `journal verify` compares the store with it. The best place is a disk that only this engine can write to",
      "`.<name>-anchors` beside an SQLite file; none on PostgreSQL",
    ),
  ),
  anchorsUrl: also(
    "Use https, or http to a loopback address",
    optional(url, "the URL to which the engine also sends each anchor, by POST, as JSON"),
  ),
  anchorsTimeStampUrl: also(
    "The anchors must have a file or a URL. Plain http is allowed, because the answer is signed, and the request contains only a digest",
    optional(url, "a time-stamp service (RFC 3161), which signs each anchor with the time"),
  ),
}
