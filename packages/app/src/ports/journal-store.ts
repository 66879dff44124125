import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect, PubSub } from "effect"
import { Context } from "effect"
import type { CallbackDay } from "../callback-health/health.ts"
import type { Checkpoint, Seal, SealedRow } from "../journal/checkpoint.ts"
import type { StoreUnavailable } from "./loan-store.ts"

/** One row of the journal as it stands in the store, believed in nothing. */
export interface FeedRow {
  readonly position: number
  readonly applicationReference: string
  readonly version: number
  /** The entry's text: what the hash is taken of, if nobody has altered either. */
  readonly text: string
  readonly hash: string
  /** The bytes as they came; `null` once erased. */
  readonly raw: Uint8Array | null
  /** How often the very same came again, and when last: counters beside the entry, which its hash does not cover. */
  readonly repeats: number
  readonly lastRepeatedAt: number | null
  /** What the store keeps of the text in columns of its own, to look rows up by. A store without any has none. */
  readonly copies?: RowCopies
}

export interface RowCopies {
  readonly account: string
  readonly source: string
  readonly evidence: string
  readonly digest: string
}

/** Where a row stands in the order of loans, versions and positions; two rows of one version are never passed over. */
export interface PlaceByLoan {
  readonly applicationReference: string
  readonly version: number
  readonly position: number
}

/** One loan's row as it stands in the store: the snapshot's bytes, and what its columns say beside them. */
export interface SnapshotRow {
  readonly applicationReference: string
  readonly account: string
  readonly version: number
  readonly stage: string
  readonly externalReference: string | null
  readonly closed: boolean
  readonly snapshot: string
  readonly chainHead: string
  /** When the bank is to be asked next; `null`: never again. */
  readonly nextPollAt: number | null
}

/** What counts the callbacks of each account along the feed. */
export const callbackCursor = "callback-days"

/** How far something has come that follows the feed, by what follows it. */
export interface FeedPlace {
  readonly follower: string
  readonly position: number
}

/** A checkpoint as it stands in the store: `rows` is the text of its list, believed in nothing. */
export interface CheckpointRow extends Seal {
  readonly rows: string
}

export interface Page {
  readonly after: number
  readonly limit: number
}

/**
 * The journal as a whole, beside the store's view of one loan: the feed, its checkpoints, and the erasing of raw bodies.
 * SQLite or PostgreSQL behind it. Every method fails with {@link StoreUnavailable} when the store is down.
 */
export class JournalStore extends Context.Service<
  JournalStore,
  {
    /** The feed's rows behind a position, in their order: only rows that no later commit can come before any more. */
    readonly feed: (page: Page) => Effect.Effect<ReadonlyArray<FeedRow>, StoreUnavailable>

    /** The same, as a checkpoint seals them. */
    readonly sealable: (page: Page) => Effect.Effect<ReadonlyArray<SealedRow>, StoreUnavailable>

    /** The feed's rows ordered by loan (the bytes of its reference), version and position, behind one of them. */
    readonly rowsByLoan: (page: {
      readonly after: PlaceByLoan
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<FeedRow>, StoreUnavailable>

    /** The loans' rows in the order of their references' bytes, behind one of them. */
    readonly snapshots: (page: {
      readonly after: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<SnapshotRow>, StoreUnavailable>

    /** The checkpoints behind a number, in their order. */
    readonly checkpoints: (page: Page) => Effect.Effect<ReadonlyArray<CheckpointRow>, StoreUnavailable>

    /** How far each follower of the feed has come: the counting of callbacks, and every endpoint of webhooks. */
    readonly places: Effect.Effect<ReadonlyArray<FeedPlace>, StoreUnavailable>

    /** What the database finds wrong with its own storage and schema, in sentences; nothing if it is whole. */
    readonly faults: Effect.Effect<ReadonlyArray<string>, StoreUnavailable>

    /** Whether the feed's positions count up by one, so that a gap shows a row that is gone. */
    readonly isGapless: boolean

    /** Wakes whoever follows the feed, because another process has added to it: a hint, which may stay away. */
    readonly news: PubSub.PubSub<void>

    readonly lastCheckpoint: Effect.Effect<Seal | undefined, StoreUnavailable>

    readonly saveCheckpoint: (checkpoint: Checkpoint) => Effect.Effect<void, StoreUnavailable>

    /** The feed's position up to which callbacks are counted; 0 before the first. */
    readonly callbacksCountedTo: Effect.Effect<number, StoreUnavailable>

    /**
     * Adds to the counted days and moves the position on, both or neither; `false`, and nothing is added, if somebody else
     * has moved it meanwhile.
     */
    readonly countCallbacks: (counted: {
      readonly from: number
      readonly to: number
      readonly days: ReadonlyArray<CallbackDay>
    }) => Effect.Effect<boolean, StoreUnavailable>

    /** Every account's days from this one on. */
    readonly callbackDays: (fromDay: number) => Effect.Effect<ReadonlyArray<CallbackDay>, StoreUnavailable>

    /**
     * Erases what the bank and the merchant said of a loan word for word, up to a version, so that neither the database
     * nor its log holds it any longer; what operators said stays. Gives how many bodies there were. That may write the
     * whole database anew, and everybody else's writes wait for it.
     */
    readonly eraseRaw: (
      applicationReference: ApplicationReference,
      upTo: number,
    ) => Effect.Effect<number, StoreUnavailable>
  }
>()("@loan-engine/app/JournalStore") {}
