import { Clock, Deferred, Effect, Result, Schema } from "effect"
import type { Redacted, Scope } from "effect"
import type { BankRoute } from "../http/route.ts"
import { makeExchange } from "../http/exchange.ts"
import type { Exchange, ExchangeLimits } from "../http/exchange.ts"
import { fetchKeys } from "./jwks-fetch.ts"
import { keysFor } from "./jwks-keys.ts"
import type { KeySet, SignatureAlgorithm, SignatureKey } from "./jwks-keys.ts"
import { isSecureUrl, secureUrlRule } from "../http/secure-url.ts"

export interface JwksLimits extends ExchangeLimits {
  /** A set this old is fetched again before it is used. */
  readonly freshMsMax: number
  /** While it cannot be fetched again, a set is used until it is this old. */
  readonly staleMsMax: number
  /** The least time between two fetches, whether the last one succeeded or not, whoever asks. */
  readonly cooldownMs: number
  /**
   * How many callbacks that nothing but their signature vouches for may be held because it cannot be judged, from one change of
   * the set to the next. Past it they are refused: a forger must not have endless callbacks kept.
   */
  readonly doubtsMax: number
}

export const jwksLimitsDefault: JwksLimits = {
  connectMsMax: 2_000,
  headersMsMax: 3_000,
  bodyIdleMsMax: 3_000,
  exchangeMsMax: 5_000,
  responseBytesMax: 262_144,
  connectionsMax: 1,
  freshMsMax: 600_000,
  staleMsMax: 86_400_000,
  cooldownMs: 30_000,
  doubtsMax: 1_000,
}

export interface JwksOptions {
  /** Such as `https://apigw.integration.resurs.com/api/auth_service/jwks`. */
  readonly url: string
  /** The key the bank hands out, sent as the header `apikey`. */
  readonly apiKey?: Redacted.Redacted
  readonly algorithms?: ReadonlyArray<SignatureAlgorithm>
  readonly limits?: Partial<JwksLimits>
  /** What carries the requests; HTTP by default. */
  readonly exchange?: Exchange
  /** How HTTP gets there; straight by default. */
  readonly route?: BankRoute
}

/** The options cannot be used; `message` says what to set. */
export class JwksConfigError extends Schema.TaggedError<JwksConfigError>()("JwksConfigError", {
  message: Schema.String,
}) {}

/**
 * What is known of a `kid`: every key that can fit it. `unknown` is certain, from a set fetched for this very question; `unavailable` is not: the
 * set could not be had, or may not be fetched again yet, or holds that key in a form we cannot read.
 */
export type KeyLookup =
  | {
      readonly state: "found"
      readonly keys: ReadonlyArray<SignatureKey>
      /** How many sets had been fetched when the question was asked. */
      readonly askedAfter: number
    }
  | { readonly state: "unknown" }
  | {
      readonly state: "unavailable"
      /** Why the last fetch brought no set; `undefined` if it did, or none was made. */
      readonly why: string | undefined
    }

/** The keys that were not among those tried, and whether they are of a set that was fetched since the question was asked. */
export interface NewerKeys {
  readonly keys: ReadonlyArray<SignatureKey>
  readonly isCurrent: boolean
}

export interface Jwks {
  readonly algorithms: ReadonlyArray<SignatureAlgorithm>
  readonly lookUp: (kid: string | undefined) => Effect.Effect<KeyLookup>
  /**
   * Keys that were published since these were found: a key may have been replaced under its `kid`. The set is fetched again for
   * it, but no sooner than `cooldownMs` after the last time.
   */
  readonly newerThan: (
    found: Extract<KeyLookup, { readonly state: "found" }>,
    kid: string | undefined,
  ) => Effect.Effect<NewerKeys>
  /** Whether one more signature that cannot be judged may be given the benefit of the doubt; `false` once `doubtsMax` have. */
  readonly mayDoubt: Effect.Effect<boolean>
}

interface State {
  held: { readonly keys: KeySet; readonly at: number } | undefined
  /** Why the last fetch brought no set, if it did not. */
  failure: string | undefined
  /** How many sets were fetched. */
  fetched: number
  /** How many signatures were given the benefit of the doubt since the set last changed. */
  doubts: number
  /** When the last fetch ended. */
  triedAt: number | undefined
  fetching: Deferred.Deferred<void> | undefined
  closed: boolean
}

/**
 * The bank's public keys, fetched when they are first needed. One instance may serve any number of accounts: its
 * cooldown, and a fetch under way, are shared by all of them.
 *
 * Source: the bank's page, "jwsData".
 */
export const makeJwks = Effect.fnUntraced(function* (
  options: JwksOptions,
): Effect.fn.Return<Jwks, JwksConfigError, Scope.Scope> {
  const algorithms = options.algorithms ?? ["RS256"]
  if (!isSecureUrl(options.url, options.route?.plainHttpHosts)) {
    return yield* new JwksConfigError({ message: `the JWKS URL ${secureUrlRule}` })
  }
  if (algorithms.length === 0) {
    return yield* new JwksConfigError({ message: "allow at least one signature algorithm, such as RS256" })
  }
  const limits = { ...jwksLimitsDefault, ...options.limits }
  const exchange = yield* makeExchange(limits, options.exchange, options.route)
  const state: State = {
    held: undefined,
    failure: undefined,
    fetched: 0,
    doubts: 0,
    triedAt: undefined,
    fetching: undefined,
    closed: false,
  }
  const refresh = yield* makeRefresh(state, fetchKeys(exchange, options, algorithms))
  return {
    algorithms,
    lookUp: (kid) => lookUp(state, limits, refresh, kid),
    newerThan: (found, kid) => newerThan(state, limits, refresh, found, kid),
    mayDoubt: Effect.sync(() => mayDoubt(state, limits)),
  }
})

/** The fetch runs in the scope, not in the request that happened to need it: that one may be gone before it ends. */
const makeRefresh = Effect.fnUntraced(function* (
  state: State,
  fetch: Effect.Effect<Result.Result<KeySet, string>>,
): Effect.fn.Return<Effect.Effect<void>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const close = (now: number): void => {
    state.closed = true
    finish(state, now)
  }
  yield* Effect.addFinalizer(() => Effect.map(Clock.currentTimeMillis, close))
  return Effect.suspend(() => {
    if (state.closed) return Effect.void
    if (state.fetching !== undefined) return Deferred.await(state.fetching)
    const fetching = Deferred.makeUnsafe<void>()
    state.fetching = fetching
    return fetch.pipe(
      Effect.flatMap((fetched) => hold(state, fetched)),
      Effect.ensuring(Effect.map(Clock.currentTimeMillis, (now) => finish(state, now))),
      Effect.forkIn(scope),
      Effect.andThen(Deferred.await(fetching)),
    )
  })
})

const hold = (state: State, fetched: Result.Result<KeySet, string>): Effect.Effect<void> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    if (Result.isFailure(fetched)) {
      state.failure = fetched.failure
      return
    }
    const keys = fetched.success
    state.failure = undefined
    if (state.held?.keys.identity !== keys.identity) state.doubts = 0
    state.held = { keys, at: now }
    state.fetched += 1
  })

function mayDoubt(state: State, { doubtsMax }: JwksLimits): boolean {
  if (state.doubts >= doubtsMax) return false
  state.doubts += 1
  return true
}

/** However the fetch ended, its cooldown begins and whoever waits for it goes on. */
function finish(state: State, now: number): void {
  const { fetching } = state
  state.triedAt = now
  state.fetching = undefined
  if (fetching !== undefined) Deferred.doneUnsafe(fetching, Effect.void)
}

const lookUp = Effect.fnUntraced(function* (
  state: State,
  limits: JwksLimits,
  refresh: Effect.Effect<void>,
  kid: string | undefined,
): Effect.fn.Return<KeyLookup> {
  const asked = yield* Clock.currentTimeMillis
  const askedAfter = state.fetched
  const fresh = state.held !== undefined && isWithin(limits.freshMsMax, state.held.at, asked)
  const known = answerOf(state, limits, asked, kid, askedAfter)
  if (fresh && known.state !== "unknown") return known
  if (!isCooling(state, limits, asked)) yield* refresh
  const answer = answerOf(state, limits, yield* Clock.currentTimeMillis, kid, askedAfter)
  return answer.state === "unknown" && state.fetched === askedAfter ? unavailable(state) : answer
})

const isCooling = ({ triedAt }: State, { cooldownMs }: JwksLimits, now: number): boolean =>
  triedAt !== undefined && isWithin(cooldownMs, triedAt, now)

const newerThan = Effect.fnUntraced(function* (
  state: State,
  limits: JwksLimits,
  refresh: Effect.Effect<void>,
  { keys: tried, askedAfter }: Extract<KeyLookup, { readonly state: "found" }>,
  kid: string | undefined,
): Effect.fn.Return<NewerKeys> {
  const isOutdated = state.fetched === askedAfter
  if (isOutdated && !isCooling(state, limits, yield* Clock.currentTimeMillis)) yield* refresh
  const found = answerOf(state, limits, yield* Clock.currentTimeMillis, kid, askedAfter)
  const known = new Set(tried.map(({ numbers }) => numbers))
  const keys = found.state === "found" ? found.keys.filter(({ numbers }) => !known.has(numbers)) : []
  return { keys, isCurrent: found.state !== "unavailable" && state.fetched > askedAfter }
})

const unavailable = ({ failure }: State): KeyLookup => ({ state: "unavailable", why: failure })

function answerOf(
  state: State,
  limits: JwksLimits,
  now: number,
  kid: string | undefined,
  askedAfter: number,
): KeyLookup {
  const { held } = state
  if (held === undefined || !isWithin(limits.staleMsMax, held.at, now)) return unavailable(state)
  const keys = keysFor(held.keys, kid)
  // A key that cannot be read may be the one that signed, as long as no other is named like it.
  const isUnreadable =
    kid !== undefined && held.keys.unusableKids.has(kid) && !keys.some((key) => key.kid === kid)
  if (isUnreadable) return unavailable(state)
  return keys.length > 0 ? { state: "found", keys, askedAfter } : { state: "unknown" }
}

/** A clock that was set back counts as time having passed: it must not freeze the set or the cooldown. */
const isWithin = (spanMs: number, since: number, now: number): boolean => now >= since && now - since < spanMs
