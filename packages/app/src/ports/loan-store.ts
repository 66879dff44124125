import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { JournalEntry, StoredEntry } from "../journal/entry.ts"
import type { Watermark } from "../schedule/watermark.ts"
import type { PollSchedule } from "../schedule/poll-cadence.ts"

/** The store is not available now. Nothing was written, so the caller may retry. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
  /** Set if the storage is damaged. Then a retry does not help. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** The store cannot be opened with these settings. `message` says what to do. */
export class StoreUnusable extends Schema.TaggedError<StoreUnusable>()("StoreUnusable", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
  /** Set if the storage is damaged. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** A loan's row: its snapshot, the hash of its last journal entry, and its poll schedule. */
export interface StoredLoan {
  readonly loan: Loan
  readonly chainHead: string
  readonly schedule: PollSchedule
  /** What the bank's answers have repeated since the last entry. Absent if nothing. */
  readonly watermark?: Watermark
  /**
   * The watermark's text, as read from the row. A change that was decided with it is written only if the row still
   * has this text.
   */
  readonly mark?: string | null
}

/**
 * What to write for one observation. If the change `addsNothing`, the store looks for an earlier entry with the same
 * source and digest. If there is one, the store only counts the repeat, and adds no row.
 */
export interface Change {
  readonly entry: JournalEntry
  readonly loan: Loan
  readonly schedule: PollSchedule
  readonly addsNothing: boolean
  /** The loan's watermark after this change. Absent if the bank has repeated nothing. */
  readonly watermark?: Watermark
  /** Set for an answer of the bank that brings nothing new. Only the watermark and the schedule are written. */
  readonly isQuiet?: boolean
}

/**
 * A change that is durable, and its position in the feed. If a repeat was only counted, the position is that of the
 * first such message.
 */
export interface WrittenChange extends Change {
  readonly position: number
}

/** A queue of planned polls of one account: either its confirmations or its routine polls. */
export interface PollLine {
  readonly account: AccountName
  readonly confirm: boolean
}

/** When the first poll of a line is due. */
export interface LineDue extends PollLine {
  readonly dueAt: Instant
}

export interface ClaimDue extends PollLine {
  /**
   * The time on the caller's clock. A store that several engines share uses its own clock instead, because the
   * engines' clocks may differ.
   */
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
}

/** Finds polls whose due time is further ahead than any valid plan, by the store's clock. */
export interface BringBack extends PollLine {
  readonly now: Instant
  readonly aheadMs: number
  /** The maximum number of loans that are changed at once. */
  readonly limit: number
}

/** A loan whose poll was claimed. Its schedule says when the lease ends and the poll is due again. */
export interface ClaimedLoan extends StoredLoan {
  /** When the poll was due. If the store does not know that, when it was claimed. */
  readonly dueAt: Instant
}

/** The callback URL that was registered with the bank for an account. The bank wants to receive it only once. */
export interface RegisteredCallback {
  readonly account: AccountName
  readonly bankUrl: string
  readonly callbackUrl: string
  readonly registeredAt: Instant
}

/**
 * A callback URL that the engine asks the bank to use. It is stored before the request is sent, and removed when the
 * bank's answer is known. So if it is still there, the outcome of the request is unknown.
 */
export interface CallbackIntent {
  readonly account: AccountName
  readonly bankUrl: string
  readonly callbackUrl: string
  readonly askedAt: Instant
}

/** Loans in one stage, stalled loans, closed loans, or loans with one external reference. */
export type LoanFilter =
  | { readonly stage: Stage }
  | { readonly stalled: true }
  | { readonly closed: true }
  | { readonly externalReference: string }

/** How many loans of one account are in each stage. `closed` says how many of them are closed. */
export type StageCounts = ReadonlyArray<{
  readonly stage: Loan["stage"]
  readonly loans: number
  readonly closed: number
}>

/** How many of the counted loans are closed, in all stages together. */
export const closedLoans = (counts: StageCounts): number =>
  counts.reduce((sum, { closed }) => sum + closed, 0)

/** A page of a loan's journal, in the order of its versions. */
export interface HistoryPage {
  /** The last version of the previous page. 0 for the first page. */
  readonly after: number
  readonly limit: number
}

/** A page with the whole journal of a loan. */
export const wholeHistory: HistoryPage = { after: 0, limit: 2_147_483_647 }

/** A page of an account's loans, ordered by reference. */
export interface LoansPage {
  readonly account: AccountName
  /** Only the loans that this filter selects. If absent, all loans. */
  readonly only?: LoanFilter
  /** Only loans whose reference begins with this text. */
  readonly prefix?: string
  /** The last reference of the previous page. Empty for the first page. */
  readonly after: string
  readonly limit: number
}

/**
 * The port of the loans' store. SQLite and PostgreSQL implement it. If the store is down, full or shutting down,
 * every method fails with {@link StoreUnavailable}. A failed write has changed nothing, with one exception: if the
 * connection to a database is lost before its answer arrives, the write may have succeeded.
 */
export class LoanStore extends Context.Service<
  LoanStore,
  {
    readonly load: (
      reference: ApplicationReference,
    ) => Effect.Effect<StoredLoan | undefined, StoreUnavailable>

    /** The loans with these references, in no particular order. References without a loan are skipped. */
    readonly loadAll: (
      references: ReadonlyArray<ApplicationReference>,
    ) => Effect.Effect<ReadonlyArray<StoredLoan>, StoreUnavailable>

    /**
     * Decides and writes in one transaction. `decide` receives the loan's current row. The change is durable before
     * the effect succeeds. If another change of the same loan is written in between, `decide` runs again with the new
     * row. A store with its own clock passes its time as `storeNow`.
     */
    readonly update: (
      reference: ApplicationReference,
      decide: (stored: StoredLoan | undefined, storeNow: Instant | undefined) => Change | undefined,
    ) => Effect.Effect<WrittenChange | undefined, StoreUnavailable>

    /** The loan's journal, oldest entry first: all of it, or a page. */
    readonly history: (
      reference: ApplicationReference,
      page?: HistoryPage,
    ) => Effect.Effect<ReadonlyArray<StoredEntry>, StoreUnavailable>

    /**
     * Claims up to `limit` loans of one line whose poll is due: those that were due first, in no particular order. A
     * claimed poll is due again after `leaseMs`, unless it is rescheduled before.
     */
    readonly claimDue: (options: ClaimDue) => Effect.Effect<ReadonlyArray<ClaimedLoan>, StoreUnavailable>

    /**
     * Gives a claimed poll back, so that it is due as before. If the loan or its schedule has changed meanwhile,
     * nothing happens.
     */
    readonly release: (claimed: ClaimedLoan) => Effect.Effect<void, StoreUnavailable>

    /** When the first poll of each line of these accounts is due. Lines without polls are left out. */
    readonly nextDue: (
      accounts: ReadonlyArray<AccountName>,
    ) => Effect.Effect<ReadonlyArray<LineDue>, StoreUnavailable>

    /** Makes polls due that a wrong clock planned too far ahead. The result is the number of loans. */
    readonly bringBack: (options: BringBack) => Effect.Effect<number, StoreUnavailable>

    /**
     * Writes a new schedule. If the loan's version has changed, nothing is written, because that change has already
     * scheduled the loan.
     */
    readonly reschedule: (stored: StoredLoan, schedule: PollSchedule) => Effect.Effect<void, StoreUnavailable>

    readonly stageCounts: (account: AccountName) => Effect.Effect<StageCounts, StoreUnavailable>

    /** How many loans of an account are stalled. */
    readonly stalledCount: (account: AccountName) => Effect.Effect<number, StoreUnavailable>

    /** The accounts that have loans. */
    readonly accounts: Effect.Effect<ReadonlyArray<AccountName>, StoreUnavailable>

    /** A page of an account's loans, ordered by reference. */
    readonly loans: (page: LoansPage) => Effect.Effect<ReadonlyArray<StoredLoan>, StoreUnavailable>

    /** When a valid signature of this account's bank was first seen. `undefined` if never. */
    readonly signingSince: (account: AccountName) => Effect.Effect<Instant | undefined, StoreUnavailable>

    /** Stores when the bank's signature was first seen. A stored time is not replaced. */
    readonly markSigning: (account: AccountName, at: Instant) => Effect.Effect<void, StoreUnavailable>

    readonly callbackRegistration: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<RegisteredCallback | undefined, StoreUnavailable>

    /** Stores the URL that the bank has accepted, and removes the intent. */
    readonly saveCallbackRegistration: (
      registration: RegisteredCallback,
    ) => Effect.Effect<void, StoreUnavailable>

    readonly callbackIntent: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<CallbackIntent | undefined, StoreUnavailable>

    /** If an intent is already stored and `replaces` is false, nothing is stored and the result is `false`. */
    readonly saveCallbackIntent: (
      intent: CallbackIntent,
      options: { readonly replaces: boolean },
    ) => Effect.Effect<boolean, StoreUnavailable>

    /** Removes the intent. Call this only if the bank has certainly not set the URL. */
    readonly dropCallbackIntent: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<void, StoreUnavailable>

    /** Succeeds if the store can be written to. */
    readonly ready: Effect.Effect<void, StoreUnavailable>
  }
>()("@loan-engine/app/LoanStore") {}
