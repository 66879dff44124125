import { Effect, Random } from "effect"

/** How unreliable the bank's callbacks are. */
export const chaosLevels = ["none", "normal", "hell"] as const
export type ChaosLevel = (typeof chaosLevels)[number]

/** For each kind of fault, the share of an account's callbacks that have it, from 0 to 1. */
export interface ChaosRates {
  /** The bank never sends the callback. */
  readonly dropped: number
  /** The bank sends the callback a second time, some time later. */
  readonly duplicated: number
  /** The callback is delayed for so long that later callbacks overtake it. */
  readonly reordered: number
  /** A forger sends a false callback about the same loan. */
  readonly forged: number
}

export const chaosRates: { readonly [L in ChaosLevel]: ChaosRates } = {
  none: { dropped: 0, duplicated: 0, reordered: 0, forged: 0 },
  normal: { dropped: 0.2, duplicated: 0.3, reordered: 0.3, forged: 0.02 },
  hell: { dropped: 0.5, duplicated: 0.6, reordered: 0.6, forged: 0.3 },
}

/** The methods of a forger. The engine must refuse each. */
export const forgeries = ["wrong-credentials", "foreign-key", "altered-body"] as const
export type Forgery = (typeof forgeries)[number]

/** The faults of one callback. They are drawn before it is sent, so that the same seed repeats them. */
export interface Fate {
  readonly dropped: boolean
  /**
   * How long after the first delivery the bank sends the same bytes again, in bank milliseconds. Absent if it sends
   * them once.
   */
  readonly againAfterMs?: number
  /** How long the callback is delayed, in bank milliseconds. Absent without a delay. */
  readonly heldBackMs?: number
  readonly forgery?: Forgery
}

const hourMs = 3_600_000

/** A level by its name, or the caller's own rates. */
export type Chaos = ChaosLevel | ChaosRates

export const drawFate = Effect.fnUntraced(function* (chaos: Chaos): Effect.fn.Return<Fate> {
  const rates = typeof chaos === "string" ? chaosRates[chaos] : chaos
  const draws = yield* Effect.all(Array.from({ length: 6 }, () => Random.next))
  const [drop = 1, again = 1, hold = 1, forge = 1, lag = 0, kind = 0] = draws
  const forgery = forgeries[Math.floor(kind * forgeries.length)]
  return {
    dropped: drop < rates.dropped,
    ...(again < rates.duplicated ? { againAfterMs: Math.round(lag * 48 * hourMs) } : {}),
    ...(hold < rates.reordered ? { heldBackMs: Math.round((2 + lag * 70) * hourMs) } : {}),
    ...(forge < rates.forged && forgery !== undefined ? { forgery } : {}),
  }
})
