import { LoanEvent } from "@loan-engine/domain/loan-event"
import { Loan, News, Step } from "@loan-engine/domain/loan"
import {
  AccountName,
  ApplicationReference,
  Disposition,
  Evidence,
  HoldReason,
  Source,
} from "@loan-engine/domain/observation"
import { Schema } from "effect"
import type { StoredEntry } from "../journal.ts"
import type { StoredLoan } from "../loan-store.ts"

const LoanRow = Schema.Struct({
  snapshot: Schema.fromJsonString(Loan),
  chain_head: Schema.String,
  next_poll_at: Schema.NullOr(Schema.Int),
  poll_attempts: Schema.Int,
  poll_confirm: Schema.Int,
  stalled: Schema.Int,
})

const StageCountRow = Schema.Struct({ stage: Loan.fields.stage, loans: Schema.Int })

const JournalRow = Schema.Struct({
  position: Schema.Int,
  application_reference: ApplicationReference,
  version: Schema.Int,
  account: AccountName,
  source: Source,
  evidence: Evidence,
  hold: Schema.NullOr(HoldReason),
  disposition: Disposition,
  received_at: Schema.Int,
  recorded_at: Schema.Int,
  events: Schema.fromJsonString(Schema.Array(LoanEvent)),
  steps: Schema.fromJsonString(Schema.Array(Step)),
  news: Schema.fromJsonString(Schema.Array(News)),
  digest: Schema.String,
  raw: Schema.NullOr(Schema.instanceOf(Uint8Array)),
  previous_hash: Schema.String,
  hash: Schema.String,
  repeats: Schema.Int,
  last_repeated_at: Schema.NullOr(Schema.Int),
})

const decodeLoanRow = Schema.decodeUnknownSync(LoanRow)
export const stageCount = Schema.decodeUnknownSync(StageCountRow)
const decodeJournalRow = Schema.decodeUnknownSync(JournalRow)

/** A loan's row as it is read back. A row that does not decode is a defect: nobody but us writes it. */
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
  }
}

export function storedEntry(row: unknown): StoredEntry {
  const decoded = decodeJournalRow(row)
  return {
    position: decoded.position,
    applicationReference: decoded.application_reference,
    version: decoded.version,
    account: decoded.account,
    source: decoded.source,
    evidence: decoded.evidence,
    hold: decoded.hold,
    disposition: decoded.disposition,
    receivedAt: decoded.received_at,
    recordedAt: decoded.recorded_at,
    events: decoded.events,
    steps: decoded.steps,
    news: decoded.news,
    digest: decoded.digest,
    raw: decoded.raw,
    previousHash: decoded.previous_hash,
    hash: decoded.hash,
    repeats: decoded.repeats,
    lastRepeatedAt: decoded.last_repeated_at,
  }
}
