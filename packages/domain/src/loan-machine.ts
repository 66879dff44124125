import { assign, setup } from "xstate"
import type { Facts, Teller } from "./facts.ts"
import { joinEvents, noFacts } from "./facts.ts"
import type { LoanEvent } from "./loan-event.ts"
import { isAdditionOutstanding, isPaidOut, isSigned, standing } from "./standing.ts"

/** Everything one observation said, joined before the machine walks. */
export interface Observed {
  readonly type: "observed"
  readonly events: ReadonlyArray<LoanEvent>
  /** Whose word they are: the bank's, unless it says otherwise. */
  readonly teller?: Teller
}

/**
 * The lifecycle of one loan application.
 *
 * It works in two beats. First, whatever the stage, what was observed joins the facts: the one `on` below stands at the
 * root, so no stage can miss an event, early or late. Then the machine walks: the `always` transitions, guarded by the facts
 * alone, take one legal step after another until none is enabled. So the stage is a function of the facts, and the facts
 * do not depend on the order of the events.
 *
 * Every `always` below is an edge of legal-transitions.ts, and the other way round; a test compares them.
 */
export const loanMachine = setup({
  // XState reads its types off phantom values.
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
    /** The bank has not decided, and said so. */
    isPending: ({ context }) => standing(context) === "pending",
    /** The decision stands at yes; a signature or a pay-out says so too. */
    isApproved: ({ context }) => standing(context) === "approved",
    isRejected: ({ context }) => standing(context) === "rejected",
    isContradicted: ({ context }) => standing(context) === "contradicted",
    /** On an approved way: the yes no longer stands. A reversal is never silent, so it too leads through the dispute. */
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
