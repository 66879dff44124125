import { Effect, Random } from "effect"

/** How badly the bank's callbacks fare on their way. */
export const chaosLevels = ["none", "normal", "hell"] as const
export type ChaosLevel = (typeof chaosLevels)[number]

/** The share, from 0 to 1, of an account's callbacks that each mishap befalls. */
export interface ChaosRates {
  /** Never sent, and never sent again. */
  readonly dropped: number
  /** Sent once more, some time later. */
  readonly duplicated: number
  /** Held back for so long that later ones overtake it. */
  readonly reordered: number
  /** Somebody else sends a callback of the same loan that the bank never sent. */
  readonly forged: number
}

export const chaosRates: { readonly [L in ChaosLevel]: ChaosRates } = {
  none: { dropped: 0, duplicated: 0, reordered: 0, forged: 0 },
  normal: { dropped: 0.2, duplicated: 0.3, reordered: 0.3, forged: 0.02 },
  hell: { dropped: 0.5, duplicated: 0.6, reordered: 0.6, forged: 0.3 },
}

/** How a forger goes about it. Each must be refused. */
export const forgeries = ["wrong-credentials", "foreign-key", "altered-body"] as const
export type Forgery = (typeof forgeries)[number]

/** What becomes of one callback, decided in advance so that a seed repeats it. */
export interface Fate {
  readonly dropped: boolean
  /** How long after the first delivery the same bytes come again, in bank milliseconds; absent for once only. */
  readonly againAfterMs?: number
  /** How long it is held back, in bank milliseconds; absent for not at all. */
  readonly heldBackMs?: number
  readonly forgery?: Forgery
}

const hourMs = 3_600_000

/** A level by its name, or rates of one's own. */
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
