import { Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import { CallbackRefused } from "./answer.ts"
import { groupOf, secondsOverRate } from "../http/rate.ts"
import type { Rate } from "../http/rate.ts"

export interface CallbackBudgetLimits {
  /**
   * How many callbacks that nothing vouches for are held of one account in a minute, each a journal row and a question to the bank;
   * more are answered 503. Those about a loan that is known have as much room of their own.
   */
  readonly callbacksHeldPerMinuteMax: number
  /** How large the body of one may be, in bytes, as it was sent and unpacked. */
  readonly callbackHeldBytesMax: number
  /** How many callbacks with wrong credentials, or none, one account may be sent in a minute; more are answered 429. */
  readonly callbacksUnauthorizedPerMinuteMax: number
}

export const callbackBudgetLimitsDefault: CallbackBudgetLimits = {
  callbacksHeldPerMinuteMax: 60,
  callbackHeldBytesMax: 16_384,
  callbacksUnauthorizedPerMinuteMax: 1_000,
}

/** A callback that nothing vouches for: anybody could have sent it, as often as they like. */
export interface Unproven {
  readonly account: string
  readonly applicationReference: string
  readonly bytes: number
  /** Whether a trusted word was ever heard of its loan. */
  readonly isKnown: boolean
}

/** Bounds what a sender who proves nothing can do to an account. */
export interface CallbackBudgets {
  /** Counts one more that is to be held; refuses it, until later, if there were too many, and for good if it is too large. */
  readonly held: (unproven: Unproven) => Effect.Effect<void, CallbackRefused>
  /** How wrong credentials are refused. Right ones are never held up: the bank and a guesser may come by one proxy. */
  readonly unauthorized: (account: string, challenges: string) => Effect.Effect<CallbackRefused>
}

/** Known loans share the room in so many groups of an account, so that a stranger who can name one loan fills the room of few others. */
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
          // Whatever else is limited in this process may share the limiter's store.
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
    "nothing vouches for this callback, and its body is over the limit for those (callbackHeldBytesMax)",
})
