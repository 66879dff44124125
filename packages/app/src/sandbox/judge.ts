import type { Offer } from "@loan-engine/domain/offer"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect } from "effect"

/** The bank's true state of one application. */
export interface BankTruth {
  readonly applicationReference: ApplicationReference
  readonly account: string
  readonly stage: Stage
  /** Whether the bank waits for documents. */
  readonly additionOutstanding: boolean
  /** The bank's offer. `null` unless the bank has approved. */
  readonly offer: Offer | null
}

/** The state that the engine has for the application. */
export interface Belief {
  readonly stage: Stage
  readonly additionOutstanding: boolean
}

/** How the engine's state differs from the true one, as text. `undefined` without a difference. */
function differenceOf(truth: BankTruth, belief: Belief | undefined): string | undefined {
  const { applicationReference, stage, additionOutstanding } = truth
  // A difference in documents counts only while the loan waits for the customer. Before the bank's decision and after
  // the end it does not.
  const waits = stage !== "rejected" && stage !== "paidOut" && stage !== "manualInspection"
  if (belief?.stage === stage && (!waits || belief.additionOutstanding === additionOutstanding))
    return undefined
  return (
    `${applicationReference}: the bank says ${stage}${additionOutstanding ? " and waits for documents" : ""}, ` +
    `the engine ${belief?.stage ?? "knows nothing"}${belief?.additionOutstanding === true ? " and waits for documents" : ""}`
  )
}

/**
 * Asks for the state of each application with `ask`, and compares it with the true state. The result has one line for
 * each difference.
 */
export const differences = <E>(
  truths: ReadonlyArray<BankTruth>,
  ask: (applicationReference: ApplicationReference) => Effect.Effect<Belief | undefined, E>,
): Effect.Effect<ReadonlyArray<string>, E> =>
  Effect.forEach(
    truths,
    (truth) => Effect.map(ask(truth.applicationReference), (belief) => differenceOf(truth, belief)),
    { concurrency: "unbounded" },
  ).pipe(Effect.map((found) => found.filter((line) => line !== undefined)))
