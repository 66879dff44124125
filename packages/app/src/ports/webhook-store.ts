import type { Instant } from "@loan-engine/domain/instant"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Context } from "effect"
import type { StoreUnavailable } from "./loan-store.ts"

/** An endpoint's position in the feed, and whether webhooks are sent to it. */
export interface WebhookPlace {
  readonly endpoint: string
  /** Every entry up to this position was delivered, or its loan is parked. */
  readonly position: number
  /** Since when no webhooks are sent, and why. `null` if webhooks are sent. */
  readonly disabledAt: Instant | null
  readonly disabledWhy: string | null
  /** The engine that delivers to this endpoint, if any. */
  readonly owner: string | null
}

/** An endpoint's position, the number of its parked loans, and when the first of them is due. */
export interface WebhookState extends WebhookPlace {
  readonly parked: number
  readonly nextDueAt: Instant | null
}

/**
 * A loan whose webhooks wait. `position` is that of the first undelivered webhook, and `attempts` says how often it
 * was sent. The loan's later webhooks wait behind it. They need no row, because they are in the journal.
 */
export interface ParkedLoan {
  readonly applicationReference: ApplicationReference
  readonly position: number
  readonly attempts: number
}

/** The result of one delivery round. */
export interface WebhookRound {
  readonly endpoint: string
  readonly owner: string
  readonly now: Instant
  /** The endpoint's position before the round, and after it. */
  readonly from: number
  readonly to: number
  /** Loans that are no longer parked. */
  readonly caughtUp: ReadonlyArray<ApplicationReference>
  /** Loans that are parked now, or still, each with the time to wait. */
  readonly parked: ReadonlyArray<ParkedLoan & { readonly delayMs: number }>
  /** Why the endpoint is disabled by this round. `null` if it stays enabled. */
  readonly disabledWhy: string | null
}

/**
 * For each webhook endpoint: its position, its parked loans, and the engine that delivers to it. SQLite and
 * PostgreSQL implement this port. Times come from the caller. A store that several engines share uses its own clock
 * instead. If the store is down, every method fails with {@link StoreUnavailable}.
 */
export class WebhookStore extends Context.Service<
  WebhookStore,
  {
    /** Adds an endpoint that starts after this position. If the endpoint is known, nothing happens. */
    readonly add: (endpoint: string, position: number) => Effect.Effect<void, StoreUnavailable>

    readonly place: (endpoint: string) => Effect.Effect<WebhookPlace | undefined, StoreUnavailable>

    /** Every endpoint that was ever configured, ordered by name. */
    readonly states: Effect.Effect<ReadonlyArray<WebhookState>, StoreUnavailable>

    /** The position of the journal's newest row, or 0 if there is none. The feed may not include this row yet. */
    readonly newest: Effect.Effect<number, StoreUnavailable>

    /**
     * Takes or renews the lease of an endpoint. The result is `false` if another engine has the lease. An SQLite
     * store has only one engine, so there it is always `true`.
     */
    readonly lease: (options: {
      readonly endpoint: string
      readonly owner: string
      readonly now: Instant
      readonly leaseMs: number
    }) => Effect.Effect<boolean, StoreUnavailable>

    /** Releases the lease, if `owner` still has it. */
    readonly release: (endpoint: string, owner: string) => Effect.Effect<void, StoreUnavailable>

    /**
     * The parked loans whose wait is over, those that have waited longest first. If a wait ends later than any valid
     * wait can, a wrong clock planned it. Such a wait is over too.
     */
    readonly due: (options: {
      readonly endpoint: string
      readonly now: Instant
      readonly aheadMs: number
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<ParkedLoan>, StoreUnavailable>

    /** Which of these loans are parked, whether due or not. */
    readonly waiting: (
      endpoint: string,
      references: ReadonlyArray<ApplicationReference>,
    ) => Effect.Effect<ReadonlySet<ApplicationReference>, StoreUnavailable>

    /**
     * Writes the result of a round in one transaction. If the endpoint now has another owner or another position,
     * nothing is written and the result is `false`.
     */
    readonly settle: (round: WebhookRound) => Effect.Effect<boolean, StoreUnavailable>

    /**
     * Moves an endpoint back, so that everything after this position is sent again. Loans that are parked at an
     * earlier position stay parked. If the endpoint is already before this position, it stays there.
     */
    readonly rewind: (endpoint: string, position: number) => Effect.Effect<void, StoreUnavailable>

    /**
     * Enables a disabled endpoint. All its parked loans are due at once, and their attempts are counted from 0 again.
     */
    readonly enable: (endpoint: string, now: Instant) => Effect.Effect<void, StoreUnavailable>
  }
>()("@loan-engine/app/WebhookStore") {}
