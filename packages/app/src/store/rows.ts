import { Loan } from "@loan-engine/domain/loan"
import { AccountName } from "@loan-engine/domain/observation"
import { Schema } from "effect"
import { entryIn } from "../journal/entry-text.ts"
import type { StoredEntry } from "../journal/entry.ts"
import type { ClaimedLoan, StageCounts, StoredLoan } from "../ports/loan-store.ts"
import { watermarkIn } from "../schedule/watermark.ts"

// Decodes rows of either store into the types of the ports. Only the engine writes these rows, so a row that cannot
// be decoded is a defect.

/** The columns of a loan that {@link storedLoan} reads. */
export const loanColumns = (table = ""): string =>
  ["snapshot", "chain_head", "next_poll_at", "poll_attempts", "poll_confirm", "stalled", "watermark"]
    .map((column) => table + column)
    .join(", ")

/** The columns of a journal row that {@link storedEntry} reads. */
export const entryColumns = "position, content, hash, repeats, last_repeated_at"

/**
 * Decodes an instant, a position or a count. All of them fit into a JavaScript number. PostgreSQL's driver returns
 * every int8 as a bigint.
 */
export function whole(value: unknown): number {
  const number = typeof value === "bigint" ? Number(value) : value
  if (typeof number === "number" && Number.isSafeInteger(number)) return number
  throw new TypeError("a column that should hold a whole number does not")
}

export const wholeOrNull = (value: unknown): number | null => (value === null ? null : whole(value))
export const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null)

/** SQLite stores a flag as 0 or 1. */
const Flag = Schema.Union([Schema.Boolean, Schema.Int])
const isSet = (flag: typeof Flag.Type): boolean => flag === true || flag === 1

const decodeLoan = Schema.decodeUnknownSync(
  Schema.Struct({
    snapshot: Schema.fromJsonString(Loan),
    chain_head: Schema.String,
    next_poll_at: Schema.Unknown,
    poll_attempts: Schema.Int,
    poll_confirm: Flag,
    stalled: Flag,
    watermark: Schema.NullOr(Schema.String),
  }),
)

export function storedLoan(row: unknown): StoredLoan {
  const { snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled, watermark } =
    decodeLoan(row)
  return {
    loan: snapshot,
    chainHead: chain_head,
    schedule: {
      nextPollAt: wholeOrNull(next_poll_at),
      attempts: poll_attempts,
      confirm: isSet(poll_confirm),
      stalled: isSet(stalled),
    },
    ...(watermark === null ? {} : { watermark: watermarkIn(watermark), mark: watermark }),
  }
}

const decodeDue = Schema.decodeUnknownSync(Schema.Struct({ due_at: Schema.Unknown }))

export const claimedLoan = (row: unknown): ClaimedLoan => ({
  ...storedLoan(row),
  dueAt: whole(decodeDue(row).due_at),
})

const decodeEntry = Schema.decodeUnknownSync(
  Schema.Struct({
    position: Schema.Unknown,
    content: Schema.String,
    hash: Schema.String,
    repeats: Schema.Int,
    last_repeated_at: Schema.Unknown,
  }),
)

export function storedEntry(row: unknown): StoredEntry {
  const { content, position, hash, repeats, last_repeated_at } = decodeEntry(row)
  return {
    ...entryIn(content),
    text: content,
    position: whole(position),
    hash,
    repeats,
    lastRepeatedAt: wholeOrNull(last_repeated_at),
  }
}

const decodeStage = Schema.decodeUnknownSync(
  Schema.Struct({ stage: Loan.fields.stage, loans: Schema.Unknown, closed: Schema.Unknown }),
)

export function stageCount(row: unknown): StageCounts[number] {
  const { stage, loans, closed } = decodeStage(row)
  return { stage, loans: whole(loans), closed: whole(closed) }
}

const decodeAccount = Schema.decodeUnknownSync(Schema.Struct({ account: AccountName }))
export const accountOf = (row: unknown): AccountName => decodeAccount(row).account
