import type { Offer } from "@loan-engine/domain/offer"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"

/** The bank's truth about one application. */
export interface BankTruth {
  readonly applicationReference: ApplicationReference
  readonly account: string
  readonly stage: Stage
  /** Whether the bank waits for documents. */
  readonly additionOutstanding: boolean
  /** Its offer. `null` unless it has approved. */
  readonly offer: Offer | null
}

/** What somebody else believes about it. `undefined` if nothing is known. */
export interface Belief {
  readonly stage: Stage
  readonly additionOutstanding: boolean
}

/** How a belief differs from the truth, in words. `undefined` if it does not. */
function differenceOf(truth: BankTruth, belief: Belief | undefined): string | undefined {
  const { applicationReference, stage, additionOutstanding } = truth
  // Documents are only outstanding while a loan is on its way, not after the bank has ended it or before it has
  // decided.
  const waits = stage !== "rejected" && stage !== "paidOut" && stage !== "manualInspection"
  if (belief?.stage === stage && (!waits || belief.additionOutstanding === additionOutstanding))
    return undefined
  return (
    `${applicationReference}: the bank says ${stage}${additionOutstanding ? " and waits for documents" : ""}, ` +
    `the engine ${belief?.stage ?? "knows nothing"}${belief?.additionOutstanding === true ? " and waits for documents" : ""}`
  )
}

/** How what `ask` gives about each application differs from the truth: one line for each that does. */
export const differences = <E>(
  truths: ReadonlyArray<BankTruth>,
  ask: (applicationReference: ApplicationReference) => Effect.Effect<Belief | undefined, E>,
): Effect.Effect<ReadonlyArray<string>, E> =>
  Effect.forEach(
    truths,
    (truth) => Effect.map(ask(truth.applicationReference), (belief) => differenceOf(truth, belief)),
    { concurrency: "unbounded" },
  ).pipe(Effect.map((found) => found.filter((line) => line !== undefined)))
