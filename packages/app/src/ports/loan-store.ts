import type { Instant } from "@loan-engine/domain/instant"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Loan } from "@loan-engine/domain/loan"
import type { AccountName, ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { JournalEntry, StoredEntry } from "../journal/entry.ts"
import type { Watermark } from "../schedule/watermark.ts"
import type { PollSchedule } from "../schedule/poll-cadence.ts"

/** The store cannot take or give anything just now. Nothing was written; the same call may succeed later. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
  /** Set if its storage is damaged: waiting does not help. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** The store cannot be opened as it is configured; the message says what to do. */
export class StoreUnusable extends Schema.TaggedError<StoreUnusable>()("StoreUnusable", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect()),
  /** Set if its storage is damaged. */
  damaged: Schema.optionalKey(Schema.Literal(true)),
}) {}

/** A loan's row: its snapshot, the head of its hash chain, and when the bank is to be asked next. */
export interface StoredLoan {
  readonly loan: Loan
  readonly chainHead: string
  readonly schedule: PollSchedule
  /** What the bank's answers said again since; absent if nothing. */
  readonly watermark?: Watermark
  /** The watermark's text as its row has it: what was decided on it is written only if it still stands there. */
  readonly mark?: string | null
}

/**
 * What is to be written for one observation. A change that `addsNothing` becomes a count on the earlier entry of the same
 * source and digest, if there is one, and costs no row.
 */
export interface Change {
  readonly entry: JournalEntry
  readonly loan: Loan
  readonly schedule: PollSchedule
  readonly addsNothing: boolean
  /** What the bank has said again, after it; left out, nothing. */
  readonly watermark?: Watermark
  /** An answer of the bank's that says nothing new: only the watermark and the schedule are written. */
  readonly isQuiet?: boolean
}

/** A change that is durable, and where in the feed it stands: a mere count stands where the first of its kind does. */
export interface WrittenChange extends Change {
  readonly position: number
}

/** A line of planned polls: an account's, either those that are to confirm something or the routine ones. */
export interface PollLine {
  readonly account: AccountName
  readonly confirm: boolean
}

/** When the first poll of a line is due. */
export interface LineDue extends PollLine {
  readonly dueAt: Instant
}

export interface ClaimDue extends PollLine {
  /** What the caller's clock says. A store that several engines share goes by its own, because theirs may disagree. */
  readonly now: Instant
  readonly limit: number
  readonly leaseMs: number
}

/** Due times that no plan can have made: further ahead than this, by the clock that the store goes by. */
export interface BringBack extends PollLine {
  readonly now: Instant
  readonly aheadMs: number
  /** How many loans are changed at once. */
  readonly limit: number
}

/** A loan whose poll was taken: its schedule says when that is due again. */
export interface ClaimedLoan extends StoredLoan {
  /** When it was due; where the store cannot tell, when it was taken. */
  readonly dueAt: Instant
}

/** The callback URL that was registered with the bank for an account: it wants to be told once only. */
export interface RegisteredCallback {
  readonly account: AccountName
  readonly bankUrl: string
  readonly callbackUrl: string
  readonly registeredAt: Instant
}

/**
 * A callback URL that the bank is asked to set, or was: kept before the request goes out, until the bank's answer is known. One
 * that stays tells that nobody knows what the bank made of it.
 */
export interface CallbackIntent {
  readonly account: AccountName
  readonly bankUrl: string
  readonly callbackUrl: string
  readonly askedAt: Instant
}

/** Loans at one stage, those that are stalled, those that somebody has closed, or those that the merchant calls so. */
export type LoanFilter =
  | { readonly stage: Stage }
  | { readonly stalled: true }
  | { readonly closed: true }
  | { readonly externalReference: string }

/** How many loans of one account stand where: those that are open, and those that somebody has closed. */
export type StageCounts = ReadonlyArray<{
  readonly stage: Loan["stage"]
  readonly loans: number
  readonly closed: number
}>

/** How many of the counted loans somebody has closed, whatever their stage. */
export const closedLoans = (counts: StageCounts): number =>
  counts.reduce((sum, { closed }) => sum + closed, 0)

/** A page of a loan's journal, in the order of its versions. */
export interface HistoryPage {
  /** The version that the page before ended with; 0 for the first. */
  readonly after: number
  readonly limit: number
}

/** A page that holds it all. */
export const wholeHistory: HistoryPage = { after: 0, limit: 2_147_483_647 }

/** A page of an account's loans, in the order of their references. */
export interface LoansPage {
  readonly account: AccountName
  /** What they have in common; without it, all of them. */
  readonly only?: LoanFilter
  /** What their references begin with. */
  readonly prefix?: string
  /** The reference that the page before ended with; empty for the first. */
  readonly after: string
  readonly limit: number
}

/**
 * The store port: SQLite or PostgreSQL behind it. Every method fails with {@link StoreUnavailable} when the store is down,
 * full or shutting down; a write that failed has left nothing behind, unless the connection to a database was lost before it
 * could answer.
 */
export class LoanStore extends Context.Service<
  LoanStore,
  {
    readonly load: (
      reference: ApplicationReference,
    ) => Effect.Effect<StoredLoan | undefined, StoreUnavailable>

    /**
     * Decides and writes in one transaction: `decide` sees the loan as it stands, and what it returns is durable before
     * the effect succeeds. No other change of the same loan comes between; `decide` may run again if one did. A store that
     * has a clock of its own says what time it is there.
     */
    readonly update: (
      reference: ApplicationReference,
      decide: (stored: StoredLoan | undefined, storeNow: Instant | undefined) => Change | undefined,
    ) => Effect.Effect<WrittenChange | undefined, StoreUnavailable>

    /** The loan's journal, oldest entry first; all of it, or a page. */
    readonly history: (
      reference: ApplicationReference,
      page?: HistoryPage,
    ) => Effect.Effect<ReadonlyArray<StoredEntry>, StoreUnavailable>

    /**
     * Takes up to `limit` loans of one line whose poll is due: those due longest, in no order among themselves. Each is due
     * again after `leaseMs`, unless rescheduled before.
     */
    readonly claimDue: (options: ClaimDue) => Effect.Effect<ReadonlyArray<ClaimedLoan>, StoreUnavailable>

    /** Gives a claimed poll back: it is due as it was, unless the loan or its schedule has moved on since. */
    readonly release: (claimed: ClaimedLoan) => Effect.Effect<void, StoreUnavailable>

    /** When the first poll of each of these accounts' lines is due; a line without any is left out. */
    readonly nextDue: (
      accounts: ReadonlyArray<AccountName>,
    ) => Effect.Effect<ReadonlyArray<LineDue>, StoreUnavailable>

    /** Makes due what was planned too far ahead, by a clock that was wrong; gives how many loans those were. */
    readonly bringBack: (options: BringBack) => Effect.Effect<number, StoreUnavailable>

    /** Writes a new schedule, unless the loan's version has moved on: then whoever moved it has scheduled it. */
    readonly reschedule: (stored: StoredLoan, schedule: PollSchedule) => Effect.Effect<void, StoreUnavailable>

    readonly stageCounts: (account: AccountName) => Effect.Effect<StageCounts, StoreUnavailable>

    /** How many loans of an account are stalled. */
    readonly stalledCount: (account: AccountName) => Effect.Effect<number, StoreUnavailable>

    /** The accounts that any loan belongs to. */
    readonly accounts: Effect.Effect<ReadonlyArray<AccountName>, StoreUnavailable>

    /**
     * An account's loans, all or only some of them, a page at a time in the order of their references; with a `prefix`, only
     * those whose reference begins with it.
     */
    readonly loans: (page: LoansPage) => Effect.Effect<ReadonlyArray<StoredLoan>, StoreUnavailable>

    /** When an account's bank was first seen to sign its callbacks; `undefined` if it never was. */
    readonly signingSince: (account: AccountName) => Effect.Effect<Instant | undefined, StoreUnavailable>

    /** Remembers that it was seen; the first time stands. */
    readonly markSigning: (account: AccountName, at: Instant) => Effect.Effect<void, StoreUnavailable>

    readonly callbackRegistration: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<RegisteredCallback | undefined, StoreUnavailable>

    /** Keeps what the bank has set; whatever it was asked is answered by that. */
    readonly saveCallbackRegistration: (
      registration: RegisteredCallback,
    ) => Effect.Effect<void, StoreUnavailable>

    readonly callbackIntent: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<CallbackIntent | undefined, StoreUnavailable>

    /** `false`, and nothing is kept, if there is an intent already that is not to be replaced. */
    readonly saveCallbackIntent: (
      intent: CallbackIntent,
      options: { readonly replaces: boolean },
    ) => Effect.Effect<boolean, StoreUnavailable>

    /** The bank has not set it, and that is certain. */
    readonly dropCallbackIntent: (
      account: AccountName,
      bankUrl: string,
    ) => Effect.Effect<void, StoreUnavailable>

    /** Succeeds if the store can be written. */
    readonly ready: Effect.Effect<void, StoreUnavailable>
  }
>()("@loan-engine/app/LoanStore") {}
