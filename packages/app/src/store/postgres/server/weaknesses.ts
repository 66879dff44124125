import { Effect } from "effect"
import { connect } from "./connection.ts"
import { describe } from "../errors.ts"
import type { PostgresSettings } from "../settings.ts"

interface Risk {
  /** The value that is a risk. */
  readonly value: "on" | "off"
  readonly why: string
  readonly advice: string
}

/** Settings of the server with which acknowledged data can be lost, or damaged without anybody noticing. */
const risks: Readonly<Record<string, Risk>> = {
  fsync: { value: "off", why: "acknowledged data may not be on its disk", advice: "Set it to on" },
  full_page_writes: { value: "off", why: "a power failure can tear its pages", advice: "Set it to on" },
  data_checksums: {
    value: "off",
    why: "it does not notice most damage of its pages",
    advice: "Stop the server, and run pg_checksums --enable",
  },
  ignore_checksum_failure: {
    value: "on",
    why: "it reads damaged pages as if they were right",
    advice: "Set it to off",
  },
  zero_damaged_pages: {
    value: "on",
    why: "it empties damaged pages, with all rows in them, instead of reporting them",
    advice: "Set it to off",
  },
}

/** Weaknesses of the server, as sentences that say what to do. Because of them, acknowledged data could be lost. */
export const postgresWeaknesses = Effect.fnUntraced(
  function* (settings: PostgresSettings) {
    const { connection, host } = yield* connect(settings)
    const { rows } = yield* connection.query(
      "SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name",
      [Object.keys(risks)],
    )
    return rows.flatMap(({ name, setting }) => {
      const risk = risks[String(name)]
      return risk === undefined || risk.value !== setting
        ? []
        : [`The server ${host.name} runs with ${String(name)} = ${risk.value}: ${risk.why}. ${risk.advice}.`]
    })
  },
  (looked): Effect.Effect<ReadonlyArray<string>> =>
    Effect.scoped(looked).pipe(
      Effect.catch((error) =>
        Effect.succeed([`The server could not be asked for its settings: ${describe(error)}.`]),
      ),
    ),
)
