import type { Disposition, HoldReason } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Metric } from "effect"
import type { RejectionCode } from "./answer.ts"
import type { JwsInvalidReason, JwsVerdict } from "../signature/jws-verifier.ts"
import { counterFamily } from "../telemetry/metric-family.ts"

/** The outcome of a callback: why it was refused, why it is held, or its disposition. */
export type CallbackVerdict = RejectionCode | HoldReason | Exclude<Disposition, "held">

/** The outcome of checking a signature. */
export type SignatureVerdict = Exclude<JwsVerdict["state"], "invalid"> | JwsInvalidReason

const account = "the configured accounts; empty if the request named another account"

/** Counts every callback that is answered. */
export const callbacksCounter = counterFamily({
  name: "loan_engine_callbacks_total",
  unit: "callbacks",
  description: "Callbacks that the engine has answered, by verdict.",
  attributes: { account, verdict: "the verdicts on a callback in docs/security.md" },
})

/** Counts every signature that is checked. */
export const signaturesCounter = counterFamily({
  name: "loan_engine_callback_signatures_total",
  unit: "signatures",
  description: "Signatures of callbacks that the engine has checked, by verdict.",
  attributes: {
    account: "the configured accounts",
    verdict: "the verdicts on a signature in docs/security.md",
  },
})

export const countCallback = (account: string, verdict: CallbackVerdict): Effect.Effect<void> =>
  Metric.update(callbacksCounter.of({ account, verdict }), 1)

export const countSignature = (account: string, verdict: JwsVerdict): Effect.Effect<void> =>
  Metric.update(signaturesCounter.of({ account, verdict: signatureVerdictOf(verdict) }), 1)

/** The name of a verdict in the metric. */
export const signatureVerdictOf = (verdict: JwsVerdict): SignatureVerdict =>
  verdict.state === "invalid" ? verdict.reason : verdict.state
