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
  /** After this age, a set is fetched again before it is used. */
  readonly freshMsMax: number
  /** If fetching fails, the old set is still used up to this age. */
  readonly staleMsMax: number
  /** The minimum time between two fetches, whether successful or not, for all callers together. */
  readonly cooldownMs: number
  /**
   * How many callbacks may be held between two changes of the set if their only proof is a signature that cannot be
   * checked. Further ones are refused, so that nobody can fill the store with forged callbacks.
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
  /** The API key that the bank issues. It is sent in the header `apikey`. */
  readonly apiKey?: Redacted.Redacted
  readonly algorithms?: ReadonlyArray<SignatureAlgorithm>
  readonly limits?: Partial<JwksLimits>
  /** What sends the requests. The default is HTTP. */
  readonly exchange?: Exchange
  /** The route of HTTP requests. The default is a direct connection. */
  readonly route?: BankRoute
}

/** The options are not valid. `message` says what to set. */
export class JwksConfigError extends Schema.TaggedError<JwksConfigError>()("JwksConfigError", {
  message: Schema.String,
}) {}

/**
 * The keys that may fit a `kid`. `unknown` is certain, because the set was fetched for this lookup. `unavailable` is
 * not certain: the set could not be fetched, or the cooldown is not over, or the key cannot be imported.
 */
export type KeyLookup =
  | {
      readonly state: "found"
      readonly keys: ReadonlyArray<SignatureKey>
      /** How many sets had been fetched when the lookup began. */
      readonly askedAfter: number
    }
  | { readonly state: "unknown" }
  | {
      readonly state: "unavailable"
      /** Why the last fetch failed. `undefined` if it succeeded, or if there was none. */
      readonly why: string | undefined
    }

/** Keys that were not tried yet. `isCurrent` says whether the set was fetched after the lookup. */
export interface NewerKeys {
  readonly keys: ReadonlyArray<SignatureKey>
  readonly isCurrent: boolean
}

export interface Jwks {
  readonly algorithms: ReadonlyArray<SignatureAlgorithm>
  readonly lookUp: (kid: string | undefined) => Effect.Effect<KeyLookup>
  /**
   * Looks for keys that were published later, because a bank may replace a key and keep its `kid`. If the cooldown is
   * over, this fetches the set again.
   */
  readonly newerThan: (
    found: Extract<KeyLookup, { readonly state: "found" }>,
    kid: string | undefined,
  ) => Effect.Effect<NewerKeys>
  /**
   * Whether one more callback may be held although its signature cannot be checked. `false` after `doubtsMax` of
   * them. Callbacks about known loans are counted apart, so that a stranger's callbacks cannot use up their number.
   */
  readonly mayDoubt: (isKnown: boolean) => Effect.Effect<boolean>
}

interface State {
  held: { readonly keys: KeySet; readonly at: number } | undefined
  /** Why the last fetch failed. `undefined` if it did not. */
  failure: string | undefined
  /** How many sets were fetched so far. */
  fetched: number
  /** How many callbacks with an unchecked signature were held since the set last changed, by whether the loan is known. */
  readonly doubts: Map<boolean, number>
  /** When the last fetch ended. */
  triedAt: number | undefined
  fetching: Deferred.Deferred<void> | undefined
  closed: boolean
}

/**
 * Makes the lookup of the bank's public keys. They are fetched when they are first needed. Several accounts may share
 * one instance. They then share its cooldown and its fetches.
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
    doubts: new Map(),
    triedAt: undefined,
    fetching: undefined,
    closed: false,
  }
  const refresh = yield* makeRefresh(state, fetchKeys(exchange, options, algorithms))
  return {
    algorithms,
    lookUp: (kid) => lookUp(state, limits, refresh, kid),
    newerThan: (found, kid) => newerThan(state, limits, refresh, found, kid),
    mayDoubt: (isKnown) => Effect.sync(() => mayDoubt(state, limits, isKnown)),
  }
})

/**
 * Makes the fetch. It runs in the scope and not in the first request that needs it, because that request may end
 * earlier.
 */
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
    if (state.held?.keys.identity !== keys.identity) state.doubts.clear()
    state.held = { keys, at: now }
    state.fetched += 1
  })

function mayDoubt({ doubts }: State, { doubtsMax }: JwksLimits, isKnown: boolean): boolean {
  const held = doubts.get(isKnown) ?? 0
  if (held >= doubtsMax) return false
  doubts.set(isKnown, held + 1)
  return true
}

/** Ends a fetch, whether successful or not: the cooldown begins, and those who wait continue. */
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
  // The key that cannot be imported may be the one that signed. If another key has the same `kid`, that one is tried.
  const isUnreadable =
    kid !== undefined && held.keys.unusableKids.has(kid) && !keys.some((key) => key.kid === kid)
  if (isUnreadable) return unavailable(state)
  return keys.length > 0 ? { state: "found", keys, askedAfter } : { state: "unknown" }
}

/**
 * Whether a time span is not over. If the clock was set back, it counts as over. Otherwise the set or the cooldown
 * would never expire.
 */
const isWithin = (spanMs: number, since: number, now: number): boolean => now >= since && now - since < spanMs
