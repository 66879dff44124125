import type { Instant } from "@loan-engine/domain/instant"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Context } from "effect"
import type { StoreUnavailable } from "./loan-store.ts"

/** Where an endpoint stands in the feed, and whether anything is sent to it. */
export interface WebhookPlace {
  readonly endpoint: string
  /** Everything up to here was delivered, or is parked. */
  readonly position: number
  /** Since when nothing is sent, and why; `null` while it is. */
  readonly disabledAt: Instant | null
  readonly disabledWhy: string | null
  /** Which engine delivers for it, if one does. */
  readonly owner: string | null
}

/** A place, how many loans wait there, and for when the first of them is planned. */
export interface WebhookState extends WebhookPlace {
  readonly parked: number
  readonly nextDueAt: Instant | null
}

/**
 * A loan whose messages wait: the position of the first that was not delivered, and how often that one was tried. All of the
 * loan's later messages wait behind it, in the journal, and need no row.
 */
export interface ParkedLoan {
  readonly applicationReference: ApplicationReference
  readonly position: number
  readonly attempts: number
}

/** What one round of deliveries came to. */
export interface WebhookRound {
  readonly endpoint: string
  readonly owner: string
  readonly now: Instant
  /** Where the endpoint stood when the round began, and where it stands after it. */
  readonly from: number
  readonly to: number
  /** Loans that wait for nothing any more. */
  readonly caughtUp: ReadonlyArray<ApplicationReference>
  /** Loans that wait from now on, or again, each for so long. */
  readonly parked: ReadonlyArray<ParkedLoan & { readonly delayMs: number }>
  /** Why nothing is to be sent any more; `null` to go on. */
  readonly disabledWhy: string | null
}

/**
 * How far each endpoint of webhooks has come, what waits there, and who delivers. SQLite or PostgreSQL behind it. Instants are
 * the caller's, but for a store that several engines share, which goes by its own clock. Every method fails with
 * {@link StoreUnavailable} when the store is down.
 */
export class WebhookStore extends Context.Service<
  WebhookStore,
  {
    /** Makes an endpoint that is not known yet: it begins behind this position. */
    readonly add: (endpoint: string, position: number) => Effect.Effect<void, StoreUnavailable>

    readonly place: (endpoint: string) => Effect.Effect<WebhookPlace | undefined, StoreUnavailable>

    /** Every endpoint that was ever set, by name. */
    readonly states: Effect.Effect<ReadonlyArray<WebhookState>, StoreUnavailable>

    /** The position of the newest row of the journal, which the feed may not have reached yet; 0 without any. */
    readonly newest: Effect.Effect<number, StoreUnavailable>

    /**
     * Takes or renews the right to deliver for an endpoint; `false` while another engine has it. A file has one engine only,
     * so there it is always had.
     */
    readonly lease: (options: {
      readonly endpoint: string
      readonly owner: string
      readonly now: Instant
      readonly leaseMs: number
    }) => Effect.Effect<boolean, StoreUnavailable>

    /** Gives the right up, if it is still the owner's. */
    readonly release: (endpoint: string, owner: string) => Effect.Effect<void, StoreUnavailable>

    /**
     * The loans whose wait is over, those that waited longest first. A wait that ends further ahead than any can was planned
     * by a clock that was wrong, and is over too.
     */
    readonly due: (options: {
      readonly endpoint: string
      readonly now: Instant
      readonly aheadMs: number
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<ParkedLoan>, StoreUnavailable>

    /** Which of these loans wait, due or not. */
    readonly waiting: (
      endpoint: string,
      references: ReadonlyArray<ApplicationReference>,
    ) => Effect.Effect<ReadonlySet<ApplicationReference>, StoreUnavailable>

    /**
     * Writes what a round came to, all of it or nothing: `false`, and nothing is written, if the endpoint has another owner by
     * now, or stands elsewhere.
     */
    readonly settle: (round: WebhookRound) => Effect.Effect<boolean, StoreUnavailable>

    /**
     * Moves an endpoint back, so that everything behind this position is sent again. What waits from before it goes on
     * waiting; an endpoint that stands further back already stays there.
     */
    readonly rewind: (endpoint: string, position: number) => Effect.Effect<void, StoreUnavailable>

    /** Sends to a disabled endpoint again: what waits there is due at once, as if it had never been tried. */
    readonly enable: (endpoint: string, now: Instant) => Effect.Effect<void, StoreUnavailable>
  }
>()("@loan-engine/app/WebhookStore") {}
