import type { Instant } from "@loan-engine/domain/instant"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Context } from "effect"
import type { StoreUnavailable } from "./loan-store.ts"

/** An endpoint's position in the feed, and whether anything is sent to it. */
export interface WebhookPlace {
  readonly endpoint: string
  /** Everything up to here was delivered or is parked. */
  readonly position: number
  /** Since when nothing is sent, and why. `null` if messages are sent. */
  readonly disabledAt: Instant | null
  readonly disabledWhy: string | null
  /** The engine that delivers for it, if any. */
  readonly owner: string | null
}

/** A position, the number of waiting loans, and the planned time of the first of them. */
export interface WebhookState extends WebhookPlace {
  readonly parked: number
  readonly nextDueAt: Instant | null
}

/**
 * A loan whose messages wait: the position of the first undelivered message, and how often it was tried. All later
 * messages of the loan wait behind it, in the journal, and need no row.
 */
export interface ParkedLoan {
  readonly applicationReference: ApplicationReference
  readonly position: number
  readonly attempts: number
}

/** The result of one round of deliveries. */
export interface WebhookRound {
  readonly endpoint: string
  readonly owner: string
  readonly now: Instant
  /** The endpoint's position when the round began, and after it. */
  readonly from: number
  readonly to: number
  /** Loans that no longer wait. */
  readonly caughtUp: ReadonlyArray<ApplicationReference>
  /** Loans that wait from now on, or again, each with its waiting time. */
  readonly parked: ReadonlyArray<ParkedLoan & { readonly delayMs: number }>
  /** Why nothing more must be sent. `null` to continue. */
  readonly disabledWhy: string | null
}

/**
 * The position of each webhook endpoint, the waiting loans, and the engine that delivers. SQLite and PostgreSQL
 * implement it. Instants come from the caller, except in a store that several engines share, which uses its own clock.
 * Every method fails with {@link StoreUnavailable} if the store is down.
 */
export class WebhookStore extends Context.Service<
  WebhookStore,
  {
    /** Adds an endpoint if it is unknown. It begins after this position. */
    readonly add: (endpoint: string, position: number) => Effect.Effect<void, StoreUnavailable>

    readonly place: (endpoint: string) => Effect.Effect<WebhookPlace | undefined, StoreUnavailable>

    /** Every endpoint that was ever configured, by name. */
    readonly states: Effect.Effect<ReadonlyArray<WebhookState>, StoreUnavailable>

    /** The position of the newest row of the journal. The feed may not have reached it yet. 0 if there is no row. */
    readonly newest: Effect.Effect<number, StoreUnavailable>

    /**
     * Takes or renews the lease of an endpoint. `false` while another engine has it. A file has only one engine, so
     * there it always succeeds.
     */
    readonly lease: (options: {
      readonly endpoint: string
      readonly owner: string
      readonly now: Instant
      readonly leaseMs: number
    }) => Effect.Effect<boolean, StoreUnavailable>

    /** Releases the lease, if it still is the owner's. */
    readonly release: (endpoint: string, owner: string) => Effect.Effect<void, StoreUnavailable>

    /**
     * The loans whose wait is over, the longest waits first. If a wait ends further ahead than any valid one, a wrong
     * clock planned it, and it is over too.
     */
    readonly due: (options: {
      readonly endpoint: string
      readonly now: Instant
      readonly aheadMs: number
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<ParkedLoan>, StoreUnavailable>

    /** The loans among these that wait, due or not. */
    readonly waiting: (
      endpoint: string,
      references: ReadonlyArray<ApplicationReference>,
    ) => Effect.Effect<ReadonlySet<ApplicationReference>, StoreUnavailable>

    /**
     * Writes the result of a round, all of it or nothing. `false`, with nothing written, if the endpoint now has
     * another owner or another position.
     */
    readonly settle: (round: WebhookRound) => Effect.Effect<boolean, StoreUnavailable>

    /**
     * Moves an endpoint back, so that everything after this position is sent again. Loans that wait from before it keep
     * waiting. If the endpoint is already further back, it stays there.
     */
    readonly rewind: (endpoint: string, position: number) => Effect.Effect<void, StoreUnavailable>

    /** Enables a disabled endpoint. Everything that waits there is due at once, with its count of attempts reset. */
    readonly enable: (endpoint: string, now: Instant) => Effect.Effect<void, StoreUnavailable>
  }
>()("@loan-engine/app/WebhookStore") {}
