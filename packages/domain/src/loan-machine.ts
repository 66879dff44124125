import { assign, setup } from "xstate"
import type { Facts, Teller } from "./facts.ts"
import { joinEvents, noFacts } from "./facts.ts"
import type { LoanEvent } from "./loan-event.ts"
import { isAdditionOutstanding, isPaidOut, isSigned, standing } from "./standing.ts"

/** All events of one observation. They join the facts before the machine walks. */
export interface Observed {
  readonly type: "observed"
  readonly events: ReadonlyArray<LoanEvent>
  /** Who reported the events. The default is the bank. */
  readonly teller?: Teller
}

/**
 * The lifecycle of one loan application.
 *
 * The machine works in two steps. First, the observed events join the facts. The only `on` is at the root and applies
 * in every stage. So no stage can miss an event, however early or late it comes.
 *
 * Then the machine walks. The `always` transitions are guarded by the facts alone. The machine takes one legal step
 * after another until no guard allows another step. So the stage depends on the facts alone, and the facts do not
 * depend on the order of the events.
 *
 * Every `always` below is an edge of legal-transitions.ts, and every edge is an `always`. A test compares them.
 */
export const loanMachine = setup({
  // XState infers its types from phantom values.
  // oxlint-disable typescript/no-unsafe-type-assertion
  types: {
    context: {} as Facts,
    events: {} as Observed,
    input: {} as Facts | undefined,
  },
  // oxlint-enable typescript/no-unsafe-type-assertion
  actions: {
    join: assign(({ context, event }) => joinEvents(context, event.events, event.teller)),
  },
  guards: {
    /** The bank has reported that it has not decided yet. */
    isPending: ({ context }) => standing(context) === "pending",
    /** The standing decision is an approval. A signature or a pay-out implies an approval. */
    isApproved: ({ context }) => standing(context) === "approved",
    isRejected: ({ context }) => standing(context) === "rejected",
    isContradicted: ({ context }) => standing(context) === "contradicted",
    /**
     * Used on the approved path. If the approval is no longer in force, the loan passes through the dispute, so that
     * every reversal can be seen.
     */
    isNoLongerApproved: ({ context }) => standing(context) !== "approved",
    isNoLongerRejected: ({ context }) => standing(context) !== "rejected",
    isAdditionOutstanding: ({ context }) => isAdditionOutstanding(context),
    isAdditionSettled: ({ context }) => !isAdditionOutstanding(context),
    isSigned: ({ context }) => isSigned(context),
    isPaidOut: ({ context }) => isPaidOut(context),
  },
}).createMachine({
  id: "loan",
  context: ({ input }) => input ?? noFacts,
  initial: "submitted",
  on: { observed: { actions: "join" } },
  states: {
    submitted: {
      always: [
        { guard: "isContradicted", target: "disputed" },
        { guard: "isRejected", target: "rejected" },
        { guard: "isApproved", target: "approved" },
        { guard: "isPending", target: "manualInspection" },
      ],
    },
    manualInspection: {
      always: [
        { guard: "isContradicted", target: "disputed" },
        { guard: "isRejected", target: "rejected" },
        { guard: "isApproved", target: "approved" },
      ],
    },
    approved: {
      always: [
        { guard: "isNoLongerApproved", target: "disputed" },
        { guard: "isSigned", target: "signed" },
        { guard: "isAdditionOutstanding", target: "waitingForAddition" },
      ],
    },
    waitingForAddition: {
      always: [
        { guard: "isNoLongerApproved", target: "disputed" },
        { guard: "isSigned", target: "signed" },
        { guard: "isAdditionSettled", target: "approved" },
      ],
    },
    signed: {
      always: [
        { guard: "isNoLongerApproved", target: "disputed" },
        { guard: "isPaidOut", target: "paidOut" },
      ],
    },
    paidOut: {
      always: [{ guard: "isNoLongerApproved", target: "disputed" }],
    },
    rejected: {
      always: [{ guard: "isNoLongerRejected", target: "disputed" }],
    },
    disputed: {
      always: [
        { guard: "isApproved", target: "approved" },
        { guard: "isRejected", target: "rejected" },
        { guard: "isPending", target: "manualInspection" },
      ],
    },
  },
})
