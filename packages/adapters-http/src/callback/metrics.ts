import type { Disposition, HoldReason } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Metric } from "effect"
import type { RejectionCode } from "./answer.ts"
import type { JwsInvalidReason, JwsVerdict } from "../signature/jws-verifier.ts"
import { counterFamily } from "../telemetry/metric-family.ts"

/** The name of a callback's outcome: why it was refused, why it is held, or what recording it did. */
export type CallbackVerdict = RejectionCode | HoldReason | Exclude<Disposition, "held">

/** The name of the verdict on a signature. */
export type SignatureVerdict = Exclude<JwsVerdict["state"], "invalid"> | JwsInvalidReason

const account = "the configured accounts; empty if the request named another account"

/** Every answered callback. */
export const callbacksCounter = counterFamily({
  name: "loan_engine_callbacks_total",
  unit: "callbacks",
  description: "Callbacks that the engine has answered, by verdict.",
  attributes: { account, verdict: "the verdicts on a callback in docs/security.md" },
})

/** Every signature judged. */
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

/** The verdict with this name. */
export const signatureVerdictOf = (verdict: JwsVerdict): SignatureVerdict =>
  verdict.state === "invalid" ? verdict.reason : verdict.state
