import { Loan } from "@loan-engine/domain/loan"
import { AccountName } from "@loan-engine/domain/observation"
import { Schema } from "effect"
import { EntryContent } from "../../journal/entry.ts"
import { watermarkIn } from "../../schedule/watermark.ts"
import type { StoredEntry } from "../../journal/entry.ts"
import type { ClaimedLoan, StageCounts, StoredLoan } from "../../ports/loan-store.ts"

/** What {@link storedLoan} reads of a loan's row. */
export const loanColumns =
  "l.snapshot, l.chain_head, l.next_poll_at, l.poll_attempts, l.poll_confirm, l.stalled, l.watermark"

/** What {@link storedEntry} reads of a journal row. */
export const entryColumns = "position, content, hash, repeats, last_repeated_at"

/** The driver gives every int8 as a bigint. Ours are instants, positions and counts, which fit into a number. */
export function whole(value: unknown): number {
  const number = typeof value === "bigint" ? Number(value) : value
  if (typeof number === "number" && Number.isSafeInteger(number)) return number
  throw new TypeError("a column that should hold a whole number does not")
}

const wholeOrNull = (value: unknown): number | null => (value === null ? null : whole(value))

const LoanRow = Schema.Struct({
  snapshot: Schema.fromJsonString(Loan),
  chain_head: Schema.String,
  next_poll_at: Schema.Unknown,
  poll_attempts: Schema.Int,
  poll_confirm: Schema.Boolean,
  stalled: Schema.Boolean,
  watermark: Schema.NullOr(Schema.String),
})

const JournalRow = Schema.Struct({
  position: Schema.Unknown,
  content: Schema.String,
  hash: Schema.String,
  repeats: Schema.Int,
  last_repeated_at: Schema.Unknown,
})

const decodeLoanRow = Schema.decodeUnknownSync(LoanRow)
const decodeJournalRow = Schema.decodeUnknownSync(JournalRow)
const decodeContent = Schema.decodeUnknownSync(Schema.fromJsonString(EntryContent))
const decodeAccount = Schema.decodeUnknownSync(Schema.Struct({ account: AccountName }))
export const accountOf = (row: unknown): AccountName => decodeAccount(row).account
const decodeStage = Schema.decodeUnknownSync(
  Schema.Struct({ stage: Loan.fields.stage, loans: Schema.Unknown, closed: Schema.Unknown }),
)

export function stageCount(row: unknown): StageCounts[number] {
  const { stage, loans, closed } = decodeStage(row)
  return { stage, loans: whole(loans), closed: whole(closed) }
}

/** A loan's row from the store. If it does not decode, that is a defect, because only we write it. */
export function storedLoan(row: unknown): StoredLoan {
  const decoded = decodeLoanRow(row)
  return {
    loan: decoded.snapshot,
    chainHead: decoded.chain_head,
    schedule: {
      nextPollAt: wholeOrNull(decoded.next_poll_at),
      attempts: decoded.poll_attempts,
      confirm: decoded.poll_confirm,
      stalled: decoded.stalled,
    },
    ...(decoded.watermark === null
      ? {}
      : { watermark: watermarkIn(decoded.watermark), mark: decoded.watermark }),
  }
}

const decodeDue = Schema.decodeUnknownSync(Schema.Struct({ due_at: Schema.Unknown }))

export const claimedLoan = (row: unknown): ClaimedLoan => ({
  ...storedLoan(row),
  dueAt: whole(decodeDue(row).due_at),
})

/** A journal row from the store. */
export function storedEntry(row: unknown): StoredEntry {
  const { content, position, hash, repeats, last_repeated_at } = decodeJournalRow(row)
  return {
    ...decodeContent(content),
    text: content,
    position: whole(position),
    hash,
    repeats,
    lastRepeatedAt: wholeOrNull(last_repeated_at),
  }
}
