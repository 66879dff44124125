import { Loan } from "@loan-engine/domain/loan"
import { AccountName } from "@loan-engine/domain/observation"
import { Schema } from "effect"
import { EntryContent } from "../../journal/entry.ts"
import { watermarkIn } from "../../schedule/watermark.ts"
import type { StoredEntry } from "../../journal/entry.ts"
import type { StoredLoan } from "../../ports/loan-store.ts"

/** What {@link storedLoan} reads of a loan's row. */
export const loanColumns =
  "snapshot, chain_head, next_poll_at, poll_attempts, poll_confirm, stalled, watermark"

const LoanRow = Schema.Struct({
  snapshot: Schema.fromJsonString(Loan),
  chain_head: Schema.String,
  next_poll_at: Schema.NullOr(Schema.Int),
  poll_attempts: Schema.Int,
  poll_confirm: Schema.Int,
  stalled: Schema.Int,
  watermark: Schema.NullOr(Schema.String),
})

const StageCountRow = Schema.Struct({ stage: Loan.fields.stage, loans: Schema.Int, closed: Schema.Int })

const JournalRow = Schema.Struct({
  position: Schema.Int,
  content: Schema.String,
  hash: Schema.String,
  repeats: Schema.Int,
  last_repeated_at: Schema.NullOr(Schema.Int),
})

const decodeLoanRow = Schema.decodeUnknownSync(LoanRow)
const decodeAccount = Schema.decodeUnknownSync(Schema.Struct({ account: AccountName }))
export const accountOf = (row: unknown): AccountName => decodeAccount(row).account
export const stageCount = Schema.decodeUnknownSync(StageCountRow)
const decodeJournalRow = Schema.decodeUnknownSync(JournalRow)

/** A loan's row from the store. If it does not decode, that is a defect, because only we write it. */
export function storedLoan(row: unknown): StoredLoan {
  const decoded = decodeLoanRow(row)
  return {
    loan: decoded.snapshot,
    chainHead: decoded.chain_head,
    schedule: {
      nextPollAt: decoded.next_poll_at,
      attempts: decoded.poll_attempts,
      confirm: decoded.poll_confirm === 1,
      stalled: decoded.stalled === 1,
    },
    ...(decoded.watermark === null
      ? {}
      : { watermark: watermarkIn(decoded.watermark), mark: decoded.watermark }),
  }
}

const decodeContent = Schema.decodeUnknownSync(Schema.fromJsonString(EntryContent))

/** A journal row from the store. */
export function storedEntry(row: unknown): StoredEntry {
  const { content, position, hash, repeats, last_repeated_at } = decodeJournalRow(row)
  return {
    ...decodeContent(content),
    text: content,
    position,
    hash,
    repeats,
    lastRepeatedAt: last_repeated_at,
  }
}
