import type { BankChange, InitialDecision } from "@loan-engine/app/sandbox/life"
import type { Seeded } from "../../../proof/simulation/seeded.ts"
import { hourMs } from "../../../proof/simulation/world.ts"

/**
 * A delay at the bank or the customer. Half of all delays are shorter than the median, and 19 of 20 are shorter than
 * the 95th percentile.
 */
export interface AssumedDelay {
  readonly what: string
  readonly medianHours: number
  readonly p95Hours: number
}

/**
 * How long each change is assumed to take after the change before. People and post cause the delays, so the delays
 * are log-normal: most are short, and a few are very long.
 */
export const assumedDelays = {
  inspection: {
    what: "from the application to the decision after manual inspection",
    medianHours: 6,
    p95Hours: 48,
  },
  request: { what: "until the bank asks for documents", medianHours: 6, p95Hours: 24 },
  addition: {
    what: "until the documents have arrived and the bank has read them",
    medianHours: 24,
    p95Hours: 120,
  },
  signing: { what: "until the customer has signed", medianHours: 8, p95Hours: 96 },
  payOut: { what: "from the signature to the pay-out", medianHours: 20, p95Hours: 72 },
} as const satisfies Record<string, AssumedDelay>

/**
 * Which path loans take. Each share is of the loans that reach this choice. The shares are those of the sandbox bank.
 */
export const assumedShares = {
  inspected: { what: "applications that the bank inspects by hand", share: 0.6 },
  approvedAtOnce: { what: "applications that the bank approves at once", share: 0.3 },
  approvedByHand: { what: "inspected applications that the bank approves", share: 0.7 },
  requestWhileInspected: { what: "inspected applications that need documents", share: 0.15 },
  requestWhileApproved: { what: "approved loans that need documents (again)", share: 0.3 },
  neverAdded: { what: "requests for documents that the customer never answers", share: 0.05 },
  neverSigned: { what: "approved loans that the customer never signs", share: 0.1 },
  neverPaidOut: { what: "signed loans that the bank never pays out", share: 0.05 },
} as const

export interface BankLife {
  readonly initial: InitialDecision
  /** Each change comes `afterMs` after the one before. */
  readonly changes: ReadonlyArray<{ readonly afterMs: number; readonly change: BankChange }>
}

/** Other assumptions about the bank, to see how much the result depends on them. 1 means no difference. */
export interface Departure {
  /** Multiplies every delay. */
  readonly delayScale: number
  /** Multiplies the shares of the loans that get no more news. */
  readonly silenceScale: number
}

export const asAssumed: Departure = { delayScale: 1, silenceScale: 1 }

const silences: ReadonlySet<string> = new Set(["neverAdded", "neverSigned", "neverPaidOut"])

export function drawBankLife(draws: Seeded, { delayScale, silenceScale }: Departure): BankLife {
  const changes: Array<BankLife["changes"][number]> = []
  const goes = (fork: keyof typeof assumedShares): boolean =>
    draws.chance(assumedShares[fork].share * (silences.has(fork) ? silenceScale : 1))
  const after = (delay: AssumedDelay, change: BankChange): void => {
    changes.push({ afterMs: Math.round(logNormalMs(delay, draws) * delayScale), change })
  }
  const addition = (): boolean => {
    after(assumedDelays.request, { type: "additionRequested", documents: ["ID"] })
    if (goes("neverAdded")) return false
    after(assumedDelays.addition, { type: "additionReceived" })
    return true
  }
  const initial = drawInitial(draws)
  const life = { initial, changes }
  if (initial === "REJECTED") return life
  if (initial === "MANUAL_INSPECTION") {
    if (goes("requestWhileInspected") && !addition()) return life
    const decision = goes("approvedByHand") ? "APPROVED" : "REJECTED"
    after(assumedDelays.inspection, { type: "decided", decision })
    if (decision === "REJECTED") return life
  }
  if (goes("neverSigned")) return life
  while (goes("requestWhileApproved")) if (!addition()) return life
  after(assumedDelays.signing, { type: "signed", method: "E_SIGN" })
  if (!goes("neverPaidOut")) after(assumedDelays.payOut, { type: "paidOut" })
  return life
}

function drawInitial(draws: Seeded): InitialDecision {
  const first = draws.next()
  const { inspected, approvedAtOnce } = assumedShares
  if (first < inspected.share) return "MANUAL_INSPECTION"
  return first < inspected.share + approvedAtOnce.share ? "APPROVED" : "REJECTED"
}

/** How far the 95th percentile of a normal distribution is above its mean, in standard deviations. */
const p95Deviations = 1.6449

function logNormalMs({ medianHours, p95Hours }: AssumedDelay, draws: Seeded): number {
  const sigma = Math.log(p95Hours / medianHours) / p95Deviations
  return medianHours * Math.exp(sigma * standardNormal(draws)) * hourMs
}

/** The Box-Muller method, which makes a normal draw from two uniform draws. */
const standardNormal = (draws: Seeded): number =>
  Math.sqrt(-2 * Math.log(1 - draws.next())) * Math.cos(2 * Math.PI * draws.next())
