import type { Decision, Loan, Observe } from "@loan-engine/domain/loan"
import type { Observation } from "@loan-engine/domain/observation"
import type fc from "fast-check"

/** The properties that must always hold. The compliance report shows these sentences. */
export const properties = {
  P1: "Legal: every step of a loan is in the table of legal transitions, for any messages in any order.",
  P2: "Confluent: the same events give the same facts and stage in every order, with any repetition and batches. A repeated decision, signature or pay-out changes nothing.",
  P3: "Total: every event is accepted at every stage. None throws, none is dropped, and each gets exactly one disposition.",
  P4: "Monotone: a decision, a signature and a pay-out never disappear from the facts. The only way back is through a dispute.",
  P5: "Agreement: for any outcome of a lawful bank's callbacks, after one final poll and quote the stage is the bank's own.",
  P6: "Replay: a replay of the journal gives the stored snapshot, byte for byte. Nothing acknowledged is missing.",
  P7: "Evidence: an observation that is not trusted never changes a fact. Not trusted are bad or missing credentials, a bad signature, and a body that the signature does not cover.",
  P8: "Cover: every legal transition is exercised, and every illegal pair of stages is shown to be unreachable.",
  P9: "Quiet: an answer of the bank without news leaves no row, version, change or webhook. If the engine leaves it out, no later stage changes.",
  P11: "Dialect: a message in any composition of the known dialects gives the same event as the plain one. Each detail is the same, or is left out and named. No dialect makes a forged message pass.",
} as const
export type PropertyId = keyof typeof properties

/** One sentence about all cases, as a fast-check property of any implementation of {@link Observe}. */
export interface Law {
  readonly property: PropertyId
  readonly title: string
  readonly holdsFor: (observe: Observe) => fc.IRawProperty<unknown>
}

/** A breach of a property. */
export interface Breach {
  readonly property: PropertyId
  readonly what: string
}

/** Judges one decision from the loan before it, the observation, and the decision. */
export type Judge = (before: Loan, observation: Observation, decision: Decision) => ReadonlyArray<Breach>

/** The result of one test about a property, for the compliance report. */
export interface Proof {
  readonly property: PropertyId
  readonly means: "exhaustive" | "random" | "simulation" | "crash" | "tampering" | "definition"
  /** How many different cases were tried: traces, decisions, orders or edges, depending on `means`. */
  readonly cases: number
}

/** The result of a canary: a part that is broken on purpose. */
export interface CanaryFate {
  readonly name: string
  readonly what: string
  readonly killedBy: ReadonlyArray<PropertyId>
}

declare module "vitest" {
  interface TaskMeta {
    proofs?: ReadonlyArray<Proof>
    canary?: CanaryFate
  }
}
