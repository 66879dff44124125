import { Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import { CallbackRefused } from "./answer.ts"
import { groupOf, secondsOverRate } from "../http/rate.ts"
import type { Rate } from "../http/rate.ts"

export interface CallbackBudgetLimits {
  /**
   * How many callbacks without proof are held for one account in a minute. Each costs a journal row and a question to
   * the bank. More are answered 503. Callbacks about a known loan have a separate budget of the same size.
   */
  readonly callbacksHeldPerMinuteMax: number
  /** The maximum size of the body of one such callback in bytes, as sent and decompressed. */
  readonly callbackHeldBytesMax: number
  /** How many callbacks with wrong or no credentials one account accepts in a minute. More are answered 429. */
  readonly callbacksUnauthorizedPerMinuteMax: number
}

export const callbackBudgetLimitsDefault: CallbackBudgetLimits = {
  callbacksHeldPerMinuteMax: 60,
  callbackHeldBytesMax: 16_384,
  callbacksUnauthorizedPerMinuteMax: 1_000,
}

/** A callback without proof. Anybody can send any number of them. */
export interface Unproven {
  readonly account: string
  readonly applicationReference: string
  readonly bytes: number
  /** Whether anything trusted was ever said about its loan. */
  readonly isKnown: boolean
}

/** Limits what a sender without proof can do to an account. */
export interface CallbackBudgets {
  /**
   * Counts one more callback to hold. If there were too many, it is refused until later. If it is too large, it is
   * refused for good.
   */
  readonly held: (unproven: Unproven) => Effect.Effect<void, CallbackRefused>
  /**
   * How wrong credentials are refused. Right credentials are never delayed, because the bank and an attacker may use
   * the same proxy.
   */
  readonly unauthorized: (account: string, challenges: string) => Effect.Effect<CallbackRefused>
}

/**
 * The known loans of an account share the budget in this many groups. A stranger who knows one loan can fill only the
 * budget of its group.
 */
const loanGroups = 256

export const makeCallbackBudgets = (limits: CallbackBudgetLimits): Effect.Effect<CallbackBudgets> =>
  Effect.map(RateLimiter.make, (limiter): CallbackBudgets => {
    const over = (rate: Omit<Rate, "window">) => secondsOverRate(limiter, { ...rate, window: "1 minute" })
    return {
      held: Effect.fnUntraced(function* (unproven) {
        if (unproven.bytes > limits.callbackHeldBytesMax) return yield* tooLarge
        const waitSeconds = yield* over({
          algorithm: "token-bucket",
          limit: limits.callbacksHeldPerMinuteMax,
          // Other limits in this process may use the same store.
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

function roomOf({ account, applicationReference, isKnown }: Unproven): string {
  return isKnown ? `${account}, known loans ${groupOf(applicationReference, loanGroups)}` : account
}

const refused = (code: CallbackRefused["code"], headers: Readonly<Record<string, string>>): CallbackRefused =>
  new CallbackRefused({ code, headers })

const tooLarge = new CallbackRefused({
  code: "body-too-large",
  detail:
    "this callback has no proof, and its body is over the limit for such callbacks (callbackHeldBytesMax)",
})
