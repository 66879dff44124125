import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect, PubSub } from "effect"
import { Context } from "effect"
import type { CallbackDay } from "../callback-health/health.ts"
import type { Checkpoint, Seal, SealedRow } from "../journal/checkpoint.ts"
import type { StoreUnavailable } from "./loan-store.ts"

/**
 * One entry of the feed, as its followers read it. Somebody may have altered it in the store, so readers must not
 * trust it.
 */
export interface FeedEntry {
  readonly position: number
  /** The entry's text. `hash` is the hash of this text, unless somebody has altered one of the two. */
  readonly text: string
  readonly hash: string
}

/** One row of the journal, exactly as stored. Somebody may have altered it, so readers must not trust it. */
export interface FeedRow extends FeedEntry {
  readonly applicationReference: string
  readonly version: number
  /** The original bytes. `null` after they were erased. */
  readonly raw: Uint8Array | null
  /** How often the same message was delivered again, and when last. The hash does not cover these two values. */
  readonly repeats: number
  readonly lastRepeatedAt: number | null
  /** Parts of the text that the store also keeps in columns, for searches. Absent if a store has no such columns. */
  readonly copies?: RowCopies
}

export interface RowCopies {
  readonly account: string
  readonly source: string
  readonly evidence: string
  readonly digest: string
}

/**
 * A row's place in the order by loan, version and position. If two rows wrongly have the same version, their
 * positions differ.
 */
export interface PlaceByLoan {
  readonly applicationReference: string
  readonly version: number
  readonly position: number
}

/** One loan's row, exactly as stored: the snapshot's bytes, and the columns beside them. */
export interface SnapshotRow {
  readonly applicationReference: string
  readonly account: string
  readonly version: number
  readonly stage: string
  readonly externalReference: string | null
  readonly closed: boolean
  readonly snapshot: string
  readonly chainHead: string
  /** When the bank is polled next. `null`: no more polls. */
  readonly nextPollAt: number | null
  /** The text of the loan's watermark. */
  readonly watermark: string | null
}

/** The name of the feed's follower that counts the callbacks of each account. */
export const callbackCursor = "callback-days"

/** The position of one follower of the feed. */
export interface FeedPlace {
  readonly follower: string
  readonly position: number
}

/**
 * A checkpoint, exactly as stored. `rows` is the text of the sealed rows. Somebody may have altered it, so readers
 * must not trust it.
 */
export interface CheckpointRow extends Seal {
  readonly rows: string
}

export interface Page {
  readonly after: number
  readonly limit: number
}

/**
 * The journal of all loans: the feed, its checkpoints, and the erasure of raw bodies. {@link LoanStore} has what
 * concerns one loan. SQLite and PostgreSQL implement this port. If the store is down, every method fails with
 * {@link StoreUnavailable}.
 */
export class JournalStore extends Context.Service<
  JournalStore,
  {
    /**
     * The feed's entries after a position, in order. An entry is included only when no later commit can insert
     * another before it. While an engine serves, it reads them on another thread than the one that records callbacks.
     */
    readonly feed: (page: Page) => Effect.Effect<ReadonlyArray<FeedEntry>, StoreUnavailable>

    /** Like the feed, but with all columns of the rows. Exports use this. */
    readonly feedRows: (page: Page) => Effect.Effect<ReadonlyArray<FeedRow>, StoreUnavailable>

    /** The loan's last version at a position of the feed. 0 if the loan had no entry then. */
    readonly versionAt: (
      applicationReference: ApplicationReference,
      position: number,
    ) => Effect.Effect<number, StoreUnavailable>

    /** The last entry that `feed` includes now. */
    readonly lastEntry: Effect.Effect<FeedEntry | undefined, StoreUnavailable>

    /** The feed's rows after a position, in the form in which a checkpoint seals them. */
    readonly sealable: (page: Page) => Effect.Effect<ReadonlyArray<SealedRow>, StoreUnavailable>

    /** The feed's rows after a place, ordered by loan (the bytes of the reference), version and position. */
    readonly rowsByLoan: (page: {
      readonly after: PlaceByLoan
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<FeedRow>, StoreUnavailable>

    /** The rows of loans after a reference, ordered by the bytes of the reference. */
    readonly snapshots: (page: {
      readonly after: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<SnapshotRow>, StoreUnavailable>

    /** The checkpoints after a number, in order. */
    readonly checkpoints: (page: Page) => Effect.Effect<ReadonlyArray<CheckpointRow>, StoreUnavailable>

    /**
     * The position of each follower of the feed. The counting of callbacks is a follower, and so is every webhook
     * endpoint.
     */
    readonly places: Effect.Effect<ReadonlyArray<FeedPlace>, StoreUnavailable>

    /** Faults that the database finds in its own storage and schema, as sentences. Empty if there are none. */
    readonly faults: Effect.Effect<ReadonlyArray<string>, StoreUnavailable>

    /** Whether the feed's positions have no gaps. If so, a gap means that a row is missing. */
    readonly isGapless: boolean

    /** Whether this is a standby that may not have the newest rows yet. */
    readonly isStandby: Effect.Effect<boolean, StoreUnavailable>

    /**
     * Wakes the readers of the feed after another process has added an entry. The signal can get lost, so readers
     * must also look at intervals.
     */
    readonly news: PubSub.PubSub<void>

    readonly lastCheckpoint: Effect.Effect<Seal | undefined, StoreUnavailable>

    readonly saveCheckpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreUnavailable>

    /** The position in the feed up to which callbacks are counted. 0 if none are counted yet. */
    readonly callbacksCountedTo: Effect.Effect<number, StoreUnavailable>

    /**
     * Adds the counted days and moves the position, in one transaction. If another process has moved the position,
     * nothing is written and the result is `false`.
     */
    readonly countCallbacks: (counted: {
      readonly from: number
      readonly to: number
      readonly days: ReadonlyArray<CallbackDay>
    }) => Effect.Effect<boolean, StoreUnavailable>

    /** The counts of every account, from this day on. */
    readonly callbackDays: (fromDay: number) => Effect.Effect<ReadonlyArray<CallbackDay>, StoreUnavailable>

    /**
     * Erases the raw messages of the bank and of the merchant about a loan, up to a version. After that, neither the
     * database nor its log contains them. Messages of operators stay. The result is the number of erased bodies. The
     * call may rewrite the whole database, and all other writes wait meanwhile.
     */
    readonly eraseRaw: (
      applicationReference: ApplicationReference,
      upTo: number,
    ) => Effect.Effect<number, StoreUnavailable>
  }
>()("@loan-engine/app/JournalStore") {}
