/** How badly the world treats everybody in it. */
export type FaultLevel = "none" | "rough" | "hell"

/** Places between two steps at which the engine's process can be made to die; `anywhere` is a moment of its own. */
export const crashPoints = [
  "anywhere",
  "before-commit",
  "in-transaction",
  "after-commit",
  "acknowledged",
  "polls-claimed",
  "question-sent",
  "answer-came",
] as const
export type CrashPoint = (typeof crashPoints)[number]

/**
 * The outcome of one request to the bank. An unlisted request succeeds. An answer is overtaken if the bank moves
 * the loan on while it is on its way.
 */
export type ExchangeFault =
  | "refused"
  | "answer-lost"
  | "slow"
  | "overtaken"
  | "never-answered"
  | "server-error"
  | "retry-later"
  | "garbled"

/** The outcome of one callback in transit. */
type DeliveryFault = "lost" | "answer-lost" | "swallowed" | "delayed" | "duplicated" | "forged"

/** Probabilities are per request; `…EveryHours` are mean waits between two of the kind, and 0 is never. */
export interface FaultRates {
  readonly exchange: Readonly<Record<ExchangeFault, number>>
  readonly delivery: Readonly<Record<DeliveryFault, number>>
  readonly submissionToldTwice: number
  readonly crashEveryHours: number
  readonly bankOutageEveryHours: number
  readonly jwksOutageEveryHours: number
  readonly storeOutageEveryHours: number
  readonly clockJumpEveryHours: number
}

const rates = (share: number, everyHours: number): FaultRates => ({
  exchange: {
    refused: 0.05 * share,
    "answer-lost": 0.05 * share,
    slow: 0.2 * share,
    overtaken: 0.2 * share,
    "never-answered": 0.02 * share,
    "server-error": 0.04 * share,
    "retry-later": 0.03 * share,
    garbled: 0.03 * share,
  },
  delivery: {
    lost: 0.2 * share,
    "answer-lost": 0.2 * share,
    swallowed: 0.3 * share,
    delayed: 0.3 * share,
    duplicated: 0.5 * share,
    forged: 0.8 * share,
  },
  submissionToldTwice: 0.5 * share,
  crashEveryHours: 12 * everyHours,
  bankOutageEveryHours: 48 * everyHours,
  jwksOutageEveryHours: 36 * everyHours,
  storeOutageEveryHours: 72 * everyHours,
  clockJumpEveryHours: 24 * everyHours,
})

export const faultRates: { readonly [L in FaultLevel]: FaultRates } = {
  none: rates(0, 0),
  rough: rates(0.3, 4),
  hell: rates(1, 1),
}
