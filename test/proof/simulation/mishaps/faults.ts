/** How many faults occur. */
export type FaultLevel = "none" | "rough" | "hell"

/** The steps at which the engine's process can die. `anywhere` is a moment between all steps. */
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
 * What can go wrong with one request to the bank; otherwise it succeeds. An answer is overtaken if the bank changes
 * the loan while the answer is in transit.
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

/** What can happen to one callback in transit. */
type DeliveryFault = "lost" | "answer-lost" | "swallowed" | "delayed" | "duplicated" | "forged"

/**
 * The rates of all faults. Probabilities are per request. `…EveryHours` is the mean time between two faults of a
 * kind; 0 means never.
 */
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
