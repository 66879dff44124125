import { Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import { CallbackRefused } from "./answer.ts"
import { groupOf, secondsOverRate } from "../http/rate.ts"
import type { Rate } from "../http/rate.ts"

export interface CallbackBudgetLimits {
  /**
   * How many callbacks without proof are held for one account in a minute. Each costs a journal row and a request to
   * the bank. If there are more, they get 503. Callbacks about known loans have their own budget of the same size.
   */
  readonly callbacksHeldPerMinuteMax: number
  /** The maximum size of such a callback's body in bytes, both as sent and decompressed. */
  readonly callbackHeldBytesMax: number
  /**
   * How many callbacks with right credentials are held for one account in a minute because their signature is missing
   * or cannot be checked. If there are more, they get 503. Callbacks about known loans have their own budget of the
   * same size.
   */
  readonly callbacksUnsignedPerMinuteMax: number
  /**
   * How many callbacks with wrong or missing credentials one account may receive in a minute. If there are more, they
   * get 429.
   */
  readonly callbacksUnauthorizedPerMinuteMax: number
}

export const callbackBudgetLimitsDefault: CallbackBudgetLimits = {
  callbacksHeldPerMinuteMax: 60,
  callbackHeldBytesMax: 16_384,
  callbacksUnsignedPerMinuteMax: 1_000,
  callbacksUnauthorizedPerMinuteMax: 1_000,
}

/** A callback without the proof that its account has asked for. */
export interface Unproven {
  readonly account: string
  /** Whether its credentials are right. If not, anybody may have sent it. */
  readonly isAuthorized: boolean
  readonly applicationReference: string
  readonly bytes: number
  /** Whether a trusted source has ever reported anything about the callback's loan. */
  readonly isKnown: boolean
}

/** Limits what somebody without proof can do to an account. */
export interface CallbackBudgets {
  /**
   * Counts a callback that would be held. If there were too many, it is refused with 503, so it may be sent again. If
   * it is too large, it is refused for good.
   */
  readonly held: (unproven: Unproven) => Effect.Effect<void, CallbackRefused>
  /**
   * The refusal of a callback with wrong credentials: 401, or 429 if there were too many. A callback with right
   * credentials is never delayed, because the bank and an attacker may use the same proxy.
   */
  readonly unauthorized: (account: string, challenges: string) => Effect.Effect<CallbackRefused>
}

/**
 * The known loans of an account are counted in this many groups. So a stranger who knows one loan's reference can
 * only use up the budget of that loan's group.
 */
const loanGroups = 256

export const makeCallbackBudgets = (limits: CallbackBudgetLimits): Effect.Effect<CallbackBudgets> =>
  Effect.map(RateLimiter.make, (limiter): CallbackBudgets => {
    const over = (rate: Omit<Rate, "window">) => secondsOverRate(limiter, { ...rate, window: "1 minute" })
    return {
      held: Effect.fnUntraced(function* (unproven) {
        if (!unproven.isAuthorized && unproven.bytes > limits.callbackHeldBytesMax) return yield* tooLarge
        const waitSeconds = yield* over({
          algorithm: "token-bucket",
          limit: unproven.isAuthorized
            ? limits.callbacksUnsignedPerMinuteMax
            : limits.callbacksHeldPerMinuteMax,
          // The key names its purpose, because other limits of this process may use the same store.
          key: `held callbacks of ${roomOf(unproven)}`,
        })
        if (waitSeconds > 0) yield* refused("held-too-many", { "retry-after": String(waitSeconds) })
      }),
      unauthorized: Effect.fnUntraced(function* (account, challenges) {
        const waitSeconds = yield* over({
          algorithm: "fixed-window",
          limit: limits.callbacksUnauthorizedPerMinuteMax,
          key: `unauthorized callbacks of ${account}`,
        })
        return waitSeconds > 0
          ? refused("unauthorized-too-many", { "retry-after": String(waitSeconds) })
          : refused("unauthorized", { "www-authenticate": challenges })
      }),
    }
  }).pipe(Effect.provide(RateLimiter.layerStoreMemory))

function roomOf({ account, applicationReference, isAuthorized, isKnown }: Unproven): string {
  const senders = isAuthorized ? `${account}, with credentials` : account
  return isKnown ? `${senders}, known loans ${groupOf(applicationReference, loanGroups)}` : senders
}

const refused = (code: CallbackRefused["code"], headers: Readonly<Record<string, string>>): CallbackRefused =>
  new CallbackRefused({ code, headers })

const tooLarge = new CallbackRefused({
  code: "body-too-large",
  detail:
    "this callback has no proof, and its body is over the limit for such callbacks (callbackHeldBytesMax)",
})
