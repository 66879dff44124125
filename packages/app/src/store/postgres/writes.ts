import { snapshotText } from "@loan-engine/domain/loan"
import { isClosed } from "@loan-engine/domain/standing"
import type { Change, StoredLoan } from "../../ports/loan-store.ts"
import { earlierEntriesMax } from "../decided-updates.ts"
import { noWatermark, watermarkText } from "../../schedule/watermark.ts"
import type { Watermark } from "../../schedule/watermark.ts"
import { positionNow } from "../feed-positions.ts"
import { bigints, booleans, bytes, ints, texts } from "./parameters.ts"

/** The changes of one loan in a batch: the state before the first change, and the changes in order. */
export interface LoanWrite {
  readonly stored: StoredLoan | undefined
  readonly changes: readonly [Change, ...ReadonlyArray<Change>]
}

/** A redelivery. It is counted on the earlier entry with the same content. */
export interface RepeatWrite {
  readonly stored: StoredLoan
  readonly change: Change
  readonly version: number
}

export interface Statement {
  readonly sql: string
  readonly parameters: ReadonlyArray<unknown>
}

/** An unchanged schedule is not written, because another engine may have leased the poll meanwhile. */
const rescheduled = ["next_poll_at", "poll_attempts", "poll_confirm", "stalled"]
  .map((column) => `${column} = CASE WHEN i.reschedules THEN i.${column} ELSE l.${column} END`)
  .join(", ")

/**
 * Whether the row is exactly the one on which a change was decided. The version alone does not show that: the row may
 * have been read from a former primary, where another change has the same version. The hash of the last entry covers
 * the whole history of the loan.
 */
const isSameRow =
  "l.application_reference = i.application_reference AND l.version = i.expected AND l.chain_head = i.head"

/**
 * Writes many loans and their new entries in one statement, and so in one transaction. A loan and its entries are
 * written only if its row is still the one on which the change was decided. If another transaction has locked a loan,
 * it is skipped, because the decision would be stale after that transaction. The statement returns what it wrote. The
 * other changes must be decided again.
 */
export const writeLoans = (schema: string) => {
  const sql = `
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bigint[],
        $9::int[], $10::boolean[], $11::boolean[], $12::boolean[], $13::text[], $14::text[], $15::text[], $16::text[], $17::boolean[])
      AS i (application_reference, account, expected, version, stage, snapshot, chain_head, next_poll_at, poll_attempts,
        poll_confirm, stalled, reschedules, external_reference, watermark, mark, head, closed)),
    held AS MATERIALIZED (
      SELECT l.application_reference FROM ${schema}.loans l JOIN input i ON ${isSameRow}
        AND l.watermark IS NOT DISTINCT FROM i.mark
      FOR UPDATE OF l SKIP LOCKED),
    moved AS (
      UPDATE ${schema}.loans l SET account = i.account, version = i.version, stage = i.stage, snapshot = i.snapshot,
        chain_head = i.chain_head, external_reference = i.external_reference, watermark = i.watermark, closed = i.closed, ${rescheduled}
      FROM input i JOIN held h ON h.application_reference = i.application_reference
      WHERE l.application_reference = i.application_reference
      RETURNING l.application_reference),
    opened AS (
      INSERT INTO ${schema}.loans (application_reference, account, version, stage, snapshot, chain_head, next_poll_at,
        poll_attempts, poll_confirm, stalled, external_reference, watermark, closed)
      SELECT application_reference, account, version, stage, snapshot, chain_head, next_poll_at, poll_attempts,
        poll_confirm, stalled, external_reference, watermark, closed
      -- In one order everywhere, so that two engines which open the same loans never wait for each other.
      FROM input WHERE expected = 0 ORDER BY application_reference
      ON CONFLICT (application_reference) DO NOTHING
      RETURNING application_reference),
    written AS (SELECT * FROM moved UNION ALL SELECT * FROM opened)
    INSERT INTO ${schema}.journal (application_reference, version, position, account, source, evidence, digest, content,
      raw, hash)
    SELECT e.application_reference, e.version, ${positionNow("o.base", "e.ordinal")}, e.account, e.source, e.evidence,
      e.digest, e.content, e.raw, e.hash
    FROM unnest($18::int[], $19::text[], $20::int[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[],
      $26::bytea[], $27::text[])
    AS e (ordinal, application_reference, version, account, source, evidence, digest, content, raw, hash)
    JOIN written w ON w.application_reference = e.application_reference
    CROSS JOIN ${schema}.feed_origin o
    RETURNING application_reference, version, position`
  return (writes: ReadonlyArray<LoanWrite>): Statement => ({
    sql,
    parameters: [...loanParameters(writes), ...entryParameters(writes.flatMap(({ changes }) => changes))],
  })
}

function loanParameters(writes: ReadonlyArray<LoanWrite>): ReadonlyArray<unknown> {
  const last = writes.map(({ changes }) => changes.at(-1) ?? changes[0])
  return [
    texts(last.map(({ loan }) => loan.applicationReference)),
    texts(last.map(({ loan }) => loan.account)),
    ints(writes.map(({ stored }) => stored?.loan.version ?? 0)),
    ints(last.map(({ loan }) => loan.version)),
    texts(last.map(({ loan }) => loan.stage)),
    texts(last.map(({ loan }) => snapshotText(loan))),
    texts(last.map(({ entry }) => entry.hash)),
    ...scheduleParameters(last, writes),
    texts(last.map(({ loan }) => loan.externalReference ?? null)),
    texts(last.map(({ watermark }) => markOf(watermark))),
    texts(writes.map(({ stored }) => stored?.mark ?? null)),
    texts(writes.map(({ stored }) => stored?.chainHead ?? null)),
    booleans(last.map(({ loan }) => isClosed(loan.facts))),
  ]
}

const markOf = (watermark: Watermark = noWatermark): string | null => watermarkText(watermark)

const scheduleParameters = (
  changes: ReadonlyArray<Change>,
  from: ReadonlyArray<{ readonly stored: StoredLoan | undefined }>,
): ReadonlyArray<unknown> => [
  bigints(changes.map(({ schedule }) => schedule.nextPollAt)),
  ints(changes.map(({ schedule }) => schedule.attempts)),
  booleans(changes.map(({ schedule }) => schedule.confirm)),
  booleans(changes.map(({ schedule }) => schedule.stalled)),
  booleans(changes.map(({ schedule }, index) => schedule !== from[index]?.stored?.schedule)),
]

function entryParameters(changes: ReadonlyArray<Change>): ReadonlyArray<unknown> {
  const entries = changes.map(({ entry }) => entry)
  return [
    ints(entries.map((_, index) => index)),
    texts(entries.map(({ applicationReference }) => applicationReference)),
    ints(entries.map(({ version }) => version)),
    texts(entries.map(({ account }) => account)),
    texts(entries.map(({ source }) => source)),
    texts(entries.map(({ evidence }) => evidence)),
    texts(entries.map(({ digest }) => digest)),
    texts(entries.map(({ text }) => text)),
    bytes(entries.map(({ raw }) => raw)),
    texts(entries.map(({ hash }) => hash)),
  ]
}

/**
 * Counts many redeliveries in one statement, each only if its row is still the one on which it was decided. The
 * statement returns the counted entries.
 */
export const countRepeats = (schema: string) => {
  const sql = `
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::bigint[], $5::bigint[], $6::int[], $7::boolean[],
        $8::boolean[], $9::boolean[], $10::text[])
      AS i (application_reference, expected, version, repeated_at, next_poll_at, poll_attempts, poll_confirm, stalled,
        reschedules, head)),
    held AS MATERIALIZED (
      SELECT l.application_reference FROM ${schema}.loans l JOIN input i ON ${isSameRow}
      FOR UPDATE OF l SKIP LOCKED),
    scheduled AS (
      UPDATE ${schema}.loans l SET ${rescheduled}
      FROM input i JOIN held h ON h.application_reference = i.application_reference
      WHERE l.application_reference = i.application_reference AND i.reschedules)
    UPDATE ${schema}.journal j SET repeats = j.repeats + 1, last_repeated_at = i.repeated_at
    FROM input i JOIN held h ON h.application_reference = i.application_reference
    WHERE j.application_reference = i.application_reference AND j.version = i.version
    RETURNING j.application_reference, j.version, j.position`
  return (writes: ReadonlyArray<RepeatWrite>): Statement => ({
    sql,
    parameters: [
      texts(writes.map(({ stored }) => stored.loan.applicationReference)),
      ints(writes.map(({ stored }) => stored.loan.version)),
      ints(writes.map(({ version }) => version)),
      bigints(writes.map(({ change }) => change.entry.receivedAt)),
      ...scheduleParameters(
        writes.map(({ change }) => change),
        writes,
      ),
      texts(writes.map(({ stored }) => stored.chainHead)),
    ],
  })
}

/** An answer of the bank without news. Only the watermark and the schedule change. */
export interface QuietWrite {
  readonly stored: StoredLoan
  readonly change: Change
}

/**
 * Writes many answers without news in one statement, each only if its row is still the one on which it was decided.
 */
export const hearAgain = (schema: string) => {
  const sql = `
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::boolean[], $8::boolean[],
        $9::boolean[], $10::text[])
      AS i (application_reference, expected, mark, watermark, next_poll_at, poll_attempts, poll_confirm, stalled, reschedules,
        head)),
    held AS MATERIALIZED (
      SELECT l.application_reference FROM ${schema}.loans l JOIN input i ON ${isSameRow}
        AND l.watermark IS NOT DISTINCT FROM i.mark
      FOR UPDATE OF l SKIP LOCKED)
    UPDATE ${schema}.loans l SET watermark = i.watermark, ${rescheduled}
    FROM input i JOIN held h ON h.application_reference = i.application_reference
    WHERE l.application_reference = i.application_reference
    RETURNING l.application_reference, l.version, 0::bigint AS position`
  return (writes: ReadonlyArray<QuietWrite>): Statement => ({
    sql,
    parameters: [
      texts(writes.map(({ stored }) => stored.loan.applicationReference)),
      ints(writes.map(({ stored }) => stored.loan.version)),
      texts(writes.map(({ stored }) => stored.mark ?? null)),
      texts(writes.map(({ change }) => markOf(change.watermark))),
      ...scheduleParameters(
        writes.map(({ change }) => change),
        writes,
      ),
      texts(writes.map(({ stored }) => stored.chainHead)),
    ],
  })
}

/**
 * Finds which of these rows are unchanged since they were read. Nothing is written, but the row locks make this a
 * commit that waits for the standby too. So a declined update is as certain as a write.
 */
export const confirmRows = (schema: string) => {
  const sql = `
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::int[], $3::text[]) AS i (application_reference, expected, head)),
    held AS MATERIALIZED (
      SELECT l.application_reference, l.version FROM ${schema}.loans l JOIN input i ON ${isSameRow}
      FOR UPDATE OF l SKIP LOCKED)
    SELECT application_reference, version, 0::bigint AS position FROM held`
  return (rows: ReadonlyArray<StoredLoan>): Statement => ({
    sql,
    parameters: [
      texts(rows.map(({ loan }) => loan.applicationReference)),
      ints(rows.map(({ loan }) => loan.version)),
      texts(rows.map(({ chainHead }) => chainHead)),
    ],
  })
}

/**
 * For many redeliveries at once, finds the latest earlier entry with the same message, of each loan. If the signed
 * token is the same, the message is the same, even if its bytes differ. An entry's text is canonical JSON, so one
 * member can be searched as text.
 */
export const findEarlier = (schema: string) => {
  const sql = `
    SELECT DISTINCT ON (j.application_reference) j.application_reference, j.version
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[])
      AS e (application_reference, source, digest, evidence, account, behind, token)
    JOIN ${schema}.journal j ON j.application_reference = e.application_reference AND j.version > e.behind AND j.source = e.source
      AND (j.digest = e.digest OR e.token <> '' AND strpos(j.content, '"token":"' || e.token || '"') > 0) AND j.evidence = e.evidence AND j.account = e.account
    ORDER BY j.application_reference, j.version DESC`
  return (changes: ReadonlyArray<Change>): Statement => ({
    sql,
    parameters: [
      texts(changes.map(({ entry }) => entry.applicationReference)),
      texts(changes.map(({ entry }) => entry.source)),
      texts(changes.map(({ entry }) => entry.digest)),
      texts(changes.map(({ entry }) => entry.evidence)),
      texts(changes.map(({ entry }) => entry.account)),
      ints(changes.map(({ entry }) => entry.version - 1 - earlierEntriesMax)),
      texts(changes.map(({ entry }) => entry.token ?? "")),
    ],
  })
}
