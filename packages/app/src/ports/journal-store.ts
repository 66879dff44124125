import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect, PubSub } from "effect"
import { Context } from "effect"
import type { CallbackDay } from "../callback-health/health.ts"
import type { Checkpoint, Seal, SealedRow } from "../journal/checkpoint.ts"
import type { StoreUnavailable } from "./loan-store.ts"

/** One entry of the feed, as its followers read it. Nothing in it is trusted. */
export interface FeedEntry {
  readonly position: number
  /** The entry's text. The hash was computed from it, unless somebody has altered one of them. */
  readonly text: string
  readonly hash: string
}

/** One row of the journal, exactly as stored. Nothing in it is trusted. */
export interface FeedRow extends FeedEntry {
  readonly applicationReference: string
  readonly version: number
  /** The original bytes. `null` after they were erased. */
  readonly raw: Uint8Array | null
  /** How often the same message was redelivered, and when last. The hash does not cover these counters. */
  readonly repeats: number
  readonly lastRepeatedAt: number | null
  /** The parts of the text that the store also keeps in columns for lookups. Absent if a store has no such columns. */
  readonly copies?: RowCopies
}

export interface RowCopies {
  readonly account: string
  readonly source: string
  readonly evidence: string
  readonly digest: string
}

/**
 * A row's place in the order of loans, versions and positions. Two rows with the same version have different places.
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
  /** When the bank is polled next. `null`: never again. */
  readonly nextPollAt: number | null
}

/** The follower of the feed that counts the callbacks of each account. */
export const callbackCursor = "callback-days"

/** The position of each follower of the feed, by its name. */
export interface FeedPlace {
  readonly follower: string
  readonly position: number
}

/** A checkpoint, exactly as stored. `rows` is the text of its list. Nothing in it is trusted. */
export interface CheckpointRow extends Seal {
  readonly rows: string
}

export interface Page {
  readonly after: number
  readonly limit: number
}

/**
 * The journal as a whole, in addition to the store's view of one loan: the feed, its checkpoints, and the erasure of
 * raw bodies. SQLite and PostgreSQL implement it. Every method fails with {@link StoreUnavailable} if the store is
 * down.
 */
export class JournalStore extends Context.Service<
  JournalStore,
  {
    /**
     * The feed's entries after a position, in order. It gives only those before which no later commit can insert
     * another. An engine that serves reads them beside the thread that accepts callbacks.
     */
    readonly feed: (page: Page) => Effect.Effect<ReadonlyArray<FeedEntry>, StoreUnavailable>

    /** The same, with everything that their rows contain: for an export. */
    readonly feedRows: (page: Page) => Effect.Effect<ReadonlyArray<FeedRow>, StoreUnavailable>

    /** The last entry that the feed gives now. */
    readonly lastEntry: Effect.Effect<FeedEntry | undefined, StoreUnavailable>

    /** The feed's rows, as a checkpoint seals them. */
    readonly sealable: (page: Page) => Effect.Effect<ReadonlyArray<SealedRow>, StoreUnavailable>

    /** The feed's rows ordered by loan (the bytes of its reference), version and position, after a given place. */
    readonly rowsByLoan: (page: {
      readonly after: PlaceByLoan
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<FeedRow>, StoreUnavailable>

    /** The loans' rows in the order of their references' bytes, after a given one. */
    readonly snapshots: (page: {
      readonly after: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<SnapshotRow>, StoreUnavailable>

    /** The checkpoints after a number, in order. */
    readonly checkpoints: (page: Page) => Effect.Effect<ReadonlyArray<CheckpointRow>, StoreUnavailable>

    /** The position of each follower of the feed: the callback counting, and every webhook endpoint. */
    readonly places: Effect.Effect<ReadonlyArray<FeedPlace>, StoreUnavailable>

    /** The faults that the database finds in its own storage and schema, as sentences. Empty if there are none. */
    readonly faults: Effect.Effect<ReadonlyArray<string>, StoreUnavailable>

    /** Whether the feed's positions have no gaps. If so, a gap shows a missing row. */
    readonly isGapless: boolean

    /** Wakes the readers of the feed when another process has added to it. It is a hint and may be missing. */
    readonly news: PubSub.PubSub<void>

    readonly lastCheckpoint: Effect.Effect<Seal | undefined, StoreUnavailable>

    readonly saveCheckpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreUnavailable>

    /** The feed's position up to which callbacks are counted. 0 before the first. */
    readonly callbacksCountedTo: Effect.Effect<number, StoreUnavailable>

    /**
     * Adds to the counted days and moves the position, both or neither. `false`, with nothing added, if another process
     * has moved the position meanwhile.
     */
    readonly countCallbacks: (counted: {
      readonly from: number
      readonly to: number
      readonly days: ReadonlyArray<CallbackDay>
    }) => Effect.Effect<boolean, StoreUnavailable>

    /** Every account's days, from this day on. */
    readonly callbackDays: (fromDay: number) => Effect.Effect<ReadonlyArray<CallbackDay>, StoreUnavailable>

    /**
     * Erases the original messages of the bank and the merchant about a loan, up to a version. After that, neither the
     * database nor its log contains them. Operators' words stay. Gives the number of erased bodies. This may rewrite
     * the whole database while all other writes wait.
     */
    readonly eraseRaw: (
      applicationReference: ApplicationReference,
      upTo: number,
    ) => Effect.Effect<number, StoreUnavailable>
  }
>()("@loan-engine/app/JournalStore") {}
