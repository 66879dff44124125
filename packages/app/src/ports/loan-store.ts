import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { JournalEntry, StoredEntry } from "../journal/entry.ts"
import type { Watermark } from "../schedule/watermark.ts"
import type { PollSchedule } from "../schedule/poll-cadence.ts"

/** The store is not available now. Nothing was written. A retry may succeed. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
  /** Set if its storage is damaged. Waiting does not help. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** The store cannot be opened with these settings. The message says what to do. */
export class StoreUnusable extends Schema.TaggedError<StoreUnusable>()("StoreUnusable", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
  /** Set if its storage is damaged. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** A loan's row: its snapshot, the head of its hash chain, and when the bank is polled next. */
export interface StoredLoan {
  readonly loan: Loan
  readonly chainHead: string
  readonly schedule: PollSchedule
  /** What the bank's answers repeated since then. Absent if nothing. */
  readonly watermark?: Watermark
  /**
   * The watermark's text from the row. A decision that was made on it is written only if the row still has the same
   * text.
   */
  readonly mark?: string | null
}

/**
 * What to write for one observation. A change that `addsNothing` becomes a count on the earlier entry with the same
 * source and digest, if there is one, and needs no row.
 */
export interface Change {
  readonly entry: JournalEntry
  readonly loan: Loan
  readonly schedule: PollSchedule
  readonly addsNothing: boolean
  /** What the bank has repeated after it. Absent if nothing. */
  readonly watermark?: Watermark
  /** An answer of the bank that says nothing new: only the watermark and the schedule are written. */
  readonly isQuiet?: boolean
}

/** A durable change, and its position in the feed. A mere count has the position of the first message of its kind. */
export interface WrittenChange extends Change {
  readonly position: number
}

/** A line of planned polls: either the confirmations or the routine polls of one account. */
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
   * The time on the caller's clock. A store that several engines share uses its own clock, because theirs may disagree.
   */
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
}

/** Due times further ahead than any valid plan, by the clock that the store uses. */
export interface BringBack extends PollLine {
  readonly now: Instant
  readonly aheadMs: number
  /** How many loans are changed at once. */
  readonly limit: number
}

/** A loan whose poll was claimed. Its schedule says when the poll is due again. */
export interface ClaimedLoan extends StoredLoan {
  /** When it was due. If the store does not know, when it was claimed. */
  readonly dueAt: Instant
}

/** The callback URL that was registered with the bank for an account. The bank wants it sent only once. */
export interface RegisteredCallback {
  readonly account: AccountName
  readonly bankUrl: string
  readonly callbackUrl: string
  readonly registeredAt: Instant
}

/**
 * A callback URL that the bank was asked to set. It is stored before the request is sent, and kept until the bank's
 * answer is known. If one remains, the outcome of that request is unknown.
 */
export interface CallbackIntent {
  readonly account: AccountName
  readonly bankUrl: string
  readonly callbackUrl: string
  readonly askedAt: Instant
}

/** Loans at one stage, stalled loans, closed loans, or loans with the merchant's own name. */
export type LoanFilter =
  | { readonly stage: Stage }
  | { readonly stalled: true }
  | { readonly closed: true }
  | { readonly externalReference: string }

/** How many loans of one account are at each stage: the open ones and the closed ones. */
export type StageCounts = ReadonlyArray<{
  readonly stage: Loan["stage"]
  readonly loans: number
  readonly closed: number
}>

/** How many of the counted loans somebody has closed, at any stage. */
export const closedLoans = (counts: StageCounts): number =>
  counts.reduce((sum, { closed }) => sum + closed, 0)

/** A page of a loan's journal, in the order of its versions. */
export interface HistoryPage {
  /** The last version of the previous page. 0 for the first page. */
  readonly after: number
  readonly limit: number
}

/** A page with everything. */
export const wholeHistory: HistoryPage = { after: 0, limit: 2_147_483_647 }

/** A page of an account's loans, in the order of their references. */
export interface LoansPage {
  readonly account: AccountName
  /** The filter. Without it, all loans. */
  readonly only?: LoanFilter
  /** The beginning of their references. */
  readonly prefix?: string
  /** The last reference of the previous page. Empty for the first page. */
  readonly after: string
  readonly limit: number
}

/**
 * The store port. SQLite and PostgreSQL implement it. Every method fails with {@link StoreUnavailable} if the store is
 * down, full or shutting down. A failed write has changed nothing, unless the connection to a database was lost before
 * it could answer.
 */
export class LoanStore extends Context.Service<
  LoanStore,
  {
    readonly load: (
      reference: ApplicationReference,
    ) => Effect.Effect<StoredLoan | undefined, StoreUnavailable>

    /** The loans with these references, in no particular order, without those that are not there. */
    readonly loadAll: (
      references: ReadonlyArray<ApplicationReference>,
    ) => Effect.Effect<ReadonlyArray<StoredLoan>, StoreUnavailable>

    /**
     * Decides and writes in one transaction. `decide` receives the loan's current row. Its result is durable before the
     * effect succeeds. No other change of the same loan comes between the two; if one did, `decide` runs again. A store
     * with its own clock passes its time.
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
     * Claims up to `limit` loans of one line whose poll is due: the ones that were due first, in no particular order.
     * Each is due again after `leaseMs`, unless it is rescheduled before.
     */
    readonly claimDue: (options: ClaimDue) => Effect.Effect<ReadonlyArray<ClaimedLoan>, StoreUnavailable>

    /** Gives a claimed poll back. It is due as before, unless the loan or its schedule has moved on meanwhile. */
    readonly release: (claimed: ClaimedLoan) => Effect.Effect<void, StoreUnavailable>

    /** When the first poll of each line of these accounts is due. A line without polls is left out. */
    readonly nextDue: (
      accounts: ReadonlyArray<AccountName>,
    ) => Effect.Effect<ReadonlyArray<LineDue>, StoreUnavailable>

    /** Makes polls due that a wrong clock planned too far ahead. Gives the number of loans. */
    readonly bringBack: (options: BringBack) => Effect.Effect<number, StoreUnavailable>

    /** Writes a new schedule, unless the loan's version has moved on: that change has already scheduled the loan. */
    readonly reschedule: (stored: StoredLoan, schedule: PollSchedule) => Effect.Effect<void, StoreUnavailable>

    readonly stageCounts: (account: AccountName) => Effect.Effect<StageCounts, StoreUnavailable>

    /** How many loans of an account are stalled. */
    readonly stalledCount: (account: AccountName) => Effect.Effect<number, StoreUnavailable>

    /** The accounts that any loan belongs to. */
    readonly accounts: Effect.Effect<ReadonlyArray<AccountName>, StoreUnavailable>

    /**
     * An account's loans, all or filtered, one page at a time, in the order of their references. With a `prefix`, only
     * loans whose reference begins with it.
     */
    readonly loans: (page: LoansPage) => Effect.Effect<ReadonlyArray<StoredLoan>, StoreUnavailable>

    /** When an account's bank was first seen to sign its callbacks. `undefined` if never. */
    readonly signingSince: (account: AccountName) => Effect.Effect<Instant | undefined, StoreUnavailable>

    /** Remembers that it was seen. The first time is kept. */
    readonly markSigning: (account: AccountName, at: Instant) => Effect.Effect<void, StoreUnavailable>

    readonly callbackRegistration: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<RegisteredCallback | undefined, StoreUnavailable>

    /** Stores the URL that the bank has set. This also resolves every open request to the bank. */
    readonly saveCallbackRegistration: (
      registration: RegisteredCallback,
    ) => Effect.Effect<void, StoreUnavailable>

    readonly callbackIntent: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<CallbackIntent | undefined, StoreUnavailable>

    /** `false`, with nothing stored, if there already is an intent and it must not be replaced. */
    readonly saveCallbackIntent: (
      intent: CallbackIntent,
      options: { readonly replaces: boolean },
    ) => Effect.Effect<boolean, StoreUnavailable>

    /** The bank certainly has not set it. */
    readonly dropCallbackIntent: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<void, StoreUnavailable>

    /** Succeeds if the store is writable. */
    readonly ready: Effect.Effect<void, StoreUnavailable>
  }
>()("@loan-engine/app/LoanStore") {}
