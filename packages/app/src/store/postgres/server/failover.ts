import { Effect } from "effect"
import { connect } from "./connection.ts"
import { describe } from "../errors.ts"
import { hostsOf } from "./hosts.ts"
import type { PostgresSettings } from "../settings.ts"

/** Whether a standby has all acknowledged data if the primary is lost. */
export interface FailoverCheck {
  readonly safe: boolean
  /** What was found, as the end of a sentence. */
  readonly found: string
}

/** Makes the check, if the URL names several servers. `undefined` if it names only one. */
export const checkFailover = Effect.fnUntraced(
  function* (settings: PostgresSettings) {
    if (hostsOf(settings.url).length === 1) return undefined
    const { connection, host } = yield* connect(settings)
    const { rows } = yield* connection.query(`
      SELECT current_setting('synchronous_standby_names') AS standbys, current_setting('synchronous_commit') AS commits,
        pg_is_in_recovery() AS standby`)
    const { standbys, commits, standby } = rows[0] ?? {}
    if (standby === true) return unsafe(`no primary answers, only ${host.name}, which can only be read`)
    if (standbys === "")
      return unsafe("acknowledged data need not be on a standby (synchronous_standby_names is empty)")
    if (commits === "local" || commits === "remote_write")
      return unsafe(`commits do not wait for the standby's disk (synchronous_commit is ${commits})`)
    return { safe: true, found: `everything that ${host.name} acknowledges is on a standby too` }
  },
  (check): Effect.Effect<FailoverCheck | undefined> =>
    Effect.scoped(check).pipe(Effect.catch((error) => Effect.succeed(unsafe(describe(error))))),
)

const unsafe = (found: string): FailoverCheck => ({ safe: false, found })
