import { Effect, Random } from "effect"

/** How unreliable the delivery of the bank's callbacks is. */
export const chaosLevels = ["none", "normal", "hell"] as const
export type ChaosLevel = (typeof chaosLevels)[number]

/** The share, from 0 to 1, of an account's callbacks that each mishap affects. */
export interface ChaosRates {
  /** Never sent, and never retried. */
  readonly dropped: number
  /** Sent a second time, some time later. */
  readonly duplicated: number
  /** Delayed for so long that later ones overtake it. */
  readonly reordered: number
  /** A forger sends a callback about the same loan that the bank never sent. */
  readonly forged: number
}

export const chaosRates: { readonly [L in ChaosLevel]: ChaosRates } = {
  none: { dropped: 0, duplicated: 0, reordered: 0, forged: 0 },
  normal: { dropped: 0.2, duplicated: 0.3, reordered: 0.3, forged: 0.02 },
  hell: { dropped: 0.5, duplicated: 0.6, reordered: 0.6, forged: 0.3 },
}

/** The methods of a forger. Each must be refused. */
export const forgeries = ["wrong-credentials", "foreign-key", "altered-body"] as const
export type Forgery = (typeof forgeries)[number]

/** The mishaps of one callback. They are drawn in advance, so that a seed repeats them. */
export interface Fate {
  readonly dropped: boolean
  /**
   * How long after the first delivery the same bytes are sent again, in bank milliseconds. Absent if they are sent
   * once.
   */
  readonly againAfterMs?: number
  /** How long it is delayed, in bank milliseconds. Absent if it is not delayed. */
  readonly heldBackMs?: number
  readonly forgery?: Forgery
}

const hourMs = 3_600_000

/** A level by its name, or your own rates. */
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
