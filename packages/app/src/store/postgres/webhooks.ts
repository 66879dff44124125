import { Effect } from "effect"
import type { WebhookRound, WebhookStore } from "../../ports/webhook-store.ts"
import { bigint, bigints, int, ints, text, texts } from "./parameters.ts"
import { whole } from "../rows.ts"
import { parkedLoan, placeOf, referenceOf, stateOf } from "../webhook-rows.ts"
import type { Query } from "./run.ts"

/**
 * How much later than our own another engine's lease may end. If it ends even later, a wrong clock set it, so it is
 * ignored.
 */
const leasesApartMsMax = 3_600_000

/**
 * The webhook endpoints of several engines. By the database's clock, one engine at a time delivers to an endpoint.
 */
export function postgresWebhooks(query: Query, schema: string): WebhookStore["Service"] {
  const endpoints = `${schema}.webhook_endpoints`
  const parked = `${schema}.webhook_parked`
  const clock = `${schema}.clock_ms()`
  const done = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.asVoid(query(sql, parameters))
  const release = (endpoint: string, owner: string) =>
    done(
      `UPDATE ${endpoints} SET lease_owner = NULL, leased_until = NULL WHERE name = $1 AND lease_owner = $2`,
      [text(endpoint), text(owner)],
    )

  return {
    add: (endpoint, position) =>
      done(`INSERT INTO ${endpoints} (name, position) VALUES ($1, $2::bigint) ON CONFLICT DO NOTHING`, [
        text(endpoint),
        bigint(position),
      ]),
    place: (endpoint) =>
      Effect.map(query(`SELECT * FROM ${endpoints} WHERE name = $1`, [text(endpoint)]), ([row]) =>
        row === undefined ? undefined : placeOf(row),
      ),
    states: Effect.map(
      query(
        `SELECT e.*, p.parked, p.next_due_at FROM ${endpoints} e
         CROSS JOIN LATERAL (
           SELECT count(*) AS parked, min(due_at) AS next_due_at FROM ${parked} WHERE endpoint = e.name) AS p
         ORDER BY name`,
        [],
      ),
      (rows) => rows.map(stateOf),
    ),
    newest: Effect.map(
      query(`SELECT coalesce(max(position), 0) AS position FROM ${schema}.journal`, []),
      ([row]) => whole(row?.["position"]),
    ),
    lease: ({ endpoint, owner, leaseMs }) =>
      Effect.map(
        query(
          `UPDATE ${endpoints} SET lease_owner = $2, leased_until = ${clock} + $3::bigint
           WHERE name = $1 AND (lease_owner = $2 OR leased_until IS NULL OR leased_until <= ${clock}
             OR leased_until > ${clock} + $3::bigint + ${leasesApartMsMax}) RETURNING name`,
          [text(endpoint), text(owner), bigint(leaseMs)],
        ),
        ({ length }) => length > 0,
      ),
    release,
    due: ({ endpoint, aheadMs, limit }) =>
      Effect.map(
        query(
          `SELECT application_reference, position, attempts FROM ${parked}
           WHERE endpoint = $1 AND (due_at <= ${clock} OR due_at > ${clock} + $3::bigint) ORDER BY due_at LIMIT $2::int`,
          [text(endpoint), int(limit), bigint(aheadMs)],
        ),
        (rows) => rows.map(parkedLoan),
      ),
    waiting: (endpoint, references) =>
      Effect.map(
        query(
          `SELECT application_reference FROM ${parked}
           WHERE endpoint = $1 AND application_reference = ANY ($2::text[])`,
          [text(endpoint), texts(references)],
        ),
        (rows) => new Set(rows.map((row) => referenceOf(row["application_reference"]))),
      ),
    settle: (round) =>
      Effect.map(query(settle(schema), settleParameters(round)), ([row]) => whole(row?.["moved"]) > 0),
    // The replay takes the lease from the delivering engine. So no round parks a loan between the two statements. One
    // single statement would not be enough: it waits for the endpoint's row and then does not see what a round parked
    // meanwhile.
    rewind: Effect.fnUntraced(function* (endpoint, position) {
      const moved = yield* query(
        `UPDATE ${endpoints} SET position = $2::bigint, lease_owner = 'replay', leased_until = ${clock} + $3::bigint
         WHERE name = $1 AND position >= $2::bigint RETURNING name`,
        [text(endpoint), bigint(position), bigint(rewindMsMax)],
      )
      if (moved.length === 0) return
      yield* done(`DELETE FROM ${parked} WHERE endpoint = $1 AND position > $2::bigint`, [
        text(endpoint),
        bigint(position),
      ])
      yield* release(endpoint, "replay")
    }),
    enable: (endpoint) =>
      done(
        `WITH enabled AS (
           UPDATE ${endpoints} SET disabled_at = NULL, disabled_why = NULL WHERE name = $1)
         UPDATE ${parked} SET due_at = ${clock}, attempts = 0 WHERE endpoint = $1`,
        [text(endpoint)],
      ),
  }
}

/** The lease of a replay. If its process dies, delivery resumes after this time. */
const rewindMsMax = 60_000

/** If another engine has moved the endpoint or taken it over, its row does not match, and nothing is written. */
const settle = (schema: string): string => `
  WITH moved AS (
    UPDATE ${schema}.webhook_endpoints SET position = $4::bigint,
      disabled_at = CASE WHEN $5::text IS NULL THEN disabled_at ELSE ${schema}.clock_ms() END,
      disabled_why = coalesce($5::text, disabled_why)
    WHERE name = $1 AND lease_owner = $2 AND position = $3::bigint RETURNING name),
  unparked AS (
    DELETE FROM ${schema}.webhook_parked
    WHERE endpoint = $1 AND application_reference = ANY ($6::text[]) AND EXISTS (SELECT 1 FROM moved)),
  parked AS (
    INSERT INTO ${schema}.webhook_parked AS p (application_reference, endpoint, position, attempts, due_at)
    SELECT n.reference, $1, n.position, n.attempts, ${schema}.clock_ms() + n.delay
    FROM unnest($7::text[], $8::bigint[], $9::int[], $10::bigint[]) AS n (reference, position, attempts, delay)
    WHERE EXISTS (SELECT 1 FROM moved)
    ON CONFLICT (application_reference, endpoint) DO UPDATE SET
      position = excluded.position, attempts = excluded.attempts, due_at = excluded.due_at)
  SELECT count(*) AS moved FROM moved`

const settleParameters = (round: WebhookRound): ReadonlyArray<unknown> => [
  text(round.endpoint),
  text(round.owner),
  bigint(round.from),
  bigint(round.to),
  round.disabledWhy,
  texts(round.caughtUp),
  texts(round.parked.map(({ applicationReference }) => applicationReference)),
  bigints(round.parked.map(({ position }) => position)),
  ints(round.parked.map(({ attempts }) => attempts)),
  bigints(round.parked.map(({ delayMs }) => delayMs)),
]
