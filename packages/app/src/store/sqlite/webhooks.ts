import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import type { StoreUnavailable } from "../../ports/loan-store.ts"
import type { WebhookRound, WebhookStore } from "../../ports/webhook-store.ts"
import { parkedLoan, placeOf, stateOf } from "../webhook-rows.ts"
import type { Write, WriteJob, Written } from "./writes.ts"

interface Access {
  readonly read: <A>(run: () => A) => Effect.Effect<A, StoreUnavailable>
  readonly write: (job: WriteJob) => Effect.Effect<Written, StoreUnavailable>
}

/**
 * The webhook endpoints. They are read on the reading connection, and written in the same group commits as everything
 * else.
 */
export function sqliteWebhooks(database: DatabaseSync, { read, write }: Access): WebhookStore["Service"] {
  const place = database.prepare("SELECT * FROM webhook_endpoints WHERE name = ?")
  const states = database.prepare(`
    SELECT e.*, (SELECT count(*) FROM webhook_parked WHERE endpoint = e.name) AS parked,
      (SELECT min(due_at) FROM webhook_parked WHERE endpoint = e.name) AS next_due_at
    FROM webhook_endpoints e ORDER BY name`)
  const newest = database.prepare("SELECT coalesce(max(position), 0) AS position FROM journal")
  const due = database.prepare(`
    SELECT application_reference, position, attempts FROM webhook_parked
    WHERE endpoint = ? AND (due_at <= ? OR due_at > ?) ORDER BY due_at LIMIT ?`)
  const waits = database.prepare(
    "SELECT 1 FROM webhook_parked WHERE endpoint = ? AND application_reference = ?",
  )
  const job = (...writes: WriteJob) => Effect.asVoid(write(writes))

  return {
    add: (endpoint, position) => job({ statement: "addWebhooks", parameters: [endpoint, position] }),
    place: (endpoint) =>
      read(() => {
        const row = place.get(endpoint)
        return row === undefined ? undefined : placeOf(row)
      }),
    states: read(() => states.all().map((row) => stateOf(row))),
    newest: read(() => Number(newest.get()?.["position"] ?? 0)),
    lease: ({ endpoint, owner }) =>
      Effect.map(
        write([{ statement: "leaseWebhooks", parameters: [owner, endpoint] }]),
        ({ changes }) => changes > 0,
      ),
    release: (endpoint, owner) => job({ statement: "releaseWebhooks", parameters: [endpoint, owner] }),
    due: ({ endpoint, now, aheadMs, limit }) =>
      read(() => due.all(endpoint, now, now + aheadMs, limit).map((row) => parkedLoan(row))),
    waiting: (endpoint, references) =>
      read(() => new Set(references.filter((each) => waits.get(endpoint, each) !== undefined))),
    settle: (round) => Effect.map(write(settling(round)), ({ changes }) => changes > 0),
    rewind: (endpoint, position) =>
      job(
        { statement: "rewindWebhooks", parameters: [position, endpoint, position] },
        { statement: "unparkBehind", parameters: [endpoint, position] },
      ),
    enable: (endpoint, now) =>
      job(
        { statement: "enableWebhooks", parameters: [endpoint] },
        { statement: "makeWebhooksDue", parameters: [now, endpoint] },
      ),
  }
}

/** If the endpoint was moved or has another owner, its row does not match, and nothing is written. */
function settling(round: WebhookRound): WriteJob {
  const { endpoint, owner, now, from, to, caughtUp, parked, disabledWhy } = round
  const disabledAt = disabledWhy === null ? null : now
  const unpark = caughtUp.map((reference): Write => ({
    statement: "unparkWebhooks",
    parameters: [endpoint, reference],
  }))
  const park = parked.map(({ applicationReference, position, attempts, delayMs }): Write => ({
    statement: "parkWebhooks",
    parameters: [endpoint, applicationReference, position, attempts, now + delayMs],
  }))
  return [
    { statement: "settleWebhooks", parameters: [to, disabledAt, disabledWhy, endpoint, owner, from] },
    ...unpark,
    ...park,
  ]
}
