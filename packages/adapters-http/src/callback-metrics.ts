import type { Disposition, HoldReason } from "@loan-engine/domain/observation"
import type { Effect } from "effect"
import { Metric } from "effect"
import type { RejectionCode } from "./callback-answer.ts"
import type { JwsInvalidReason, JwsVerdict } from "./jws-verifier.ts"

/** The name of what became of a callback: why it was refused, why it is held, or what recording it did. */
export type CallbackVerdict = RejectionCode | HoldReason | Exclude<Disposition, "held">

/** The name of what a signature was found to be. */
export type SignatureVerdict = Exclude<JwsVerdict["state"], "invalid"> | JwsInvalidReason

/** Every answered callback, by `verdict` and `account` (empty where the request named none of ours). */
export const callbacksCounter = Metric.counter("loan_engine_callbacks", {
  description: "Callbacks answered, by verdict",
  incremental: true,
})

/** Every signature judged, by `verdict` and `account`. */
export const signaturesCounter = Metric.counter("loan_engine_callback_signatures", {
  description: "Signatures of callbacks judged, by verdict",
  incremental: true,
})

export const countCallback = (account: string, verdict: CallbackVerdict): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(callbacksCounter, { account, verdict }), 1)

export const countSignature = (account: string, verdict: JwsVerdict): Effect.Effect<void> =>
  Metric.update(
    Metric.withAttributes(signaturesCounter, { account, verdict: signatureVerdictOf(verdict) }),
    1,
  )

/** The verdict by its name. */
export const signatureVerdictOf = (verdict: JwsVerdict): SignatureVerdict =>
  verdict.state === "invalid" ? verdict.reason : verdict.state
