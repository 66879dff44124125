import { joinEvents, noFacts } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { observe, observing } from "@loan-engine/domain/loan"
import type { Lifecycle, Observe } from "@loan-engine/domain/loan"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import { loanMachine } from "@loan-engine/domain/loan-machine"
import type { Observation } from "@loan-engine/domain/observation"
import { currentOffer, isClosed, isSigned, standing } from "@loan-engine/domain/standing"
import type { Walk } from "@loan-engine/domain/walk"
import { Struct } from "effect"
import { remembering, walkMachine, walkOf } from "@loan-engine/domain/walk"
import { lagMax } from "../properties/lawful-bank.ts"
import { oncePerOrder } from "../exhaustive/abstraction.ts"

/** A lifecycle with one defect on purpose. A test suite that does not notice it proves nothing. */
export interface LifecycleCanary {
  readonly name: string
  readonly what: string
  readonly observe: Observe
}

/** The facts with the merchant's decision among the bank's decisions. */
const mixed = ({ merchant, ...bank }: Facts): Facts => ({
  ...bank,
  approvedAt: bank.approvedAt ?? merchant?.approvedAt ?? null,
  rejectedAt: bank.rejectedAt ?? merchant?.rejectedAt ?? null,
})

/** The facts without the bank's decision. */
const merchantFirst = (facts: Facts): Facts => {
  if (facts.merchant === undefined) return facts
  const { additionRequestedAt, additionClearedAt, merchant } = facts
  return { ...noFacts, additionRequestedAt, additionClearedAt, merchant }
}

const walk = remembering(walkMachine)
const lifecycle: Lifecycle = { join: joinEvents, walk }

const joining = (joinOne: (facts: Facts, event: LoanEvent) => Facts): Observe =>
  observing({
    ...lifecycle,
    join: (facts, events, teller) =>
      teller === "merchant" ? joinEvents(facts, events, teller) : events.reduce(joinOne, facts),
  })

const walking = (broken: Walk): Observe => observing({ ...lifecycle, walk: broken })

const guarded = (guards: Parameters<typeof loanMachine.provide>[0]["guards"]): Observe =>
  walking(oncePerOrder(walkOf(loanMachine.provide({ guards: guards ?? {} }))))

/** The events that a chart without memory handles at each stage. It ignores all other events, as XState does. */
export const expectedAt: { readonly [S in Stage]: ReadonlyArray<LoanEvent["type"]> } = {
  submitted: ["decision.pending", "decision.approved", "decision.rejected"],
  manualInspection: ["decision.approved", "decision.rejected"],
  approved: ["addition.requested", "agreement.signed"],
  waitingForAddition: ["addition.requested", "addition.cleared", "agreement.signed"],
  signed: ["loan.paidOut"],
  paidOut: [],
  rejected: [],
  disputed: ["dispute.ruled", "decision.approved", "decision.rejected"],
}

const requestedLater = ({ additionRequestedAt, additionClearedAt }: Facts): boolean =>
  additionRequestedAt !== null && (additionClearedAt === null || additionRequestedAt > additionClearedAt)

const forgetting: { readonly [T in LoanEvent["type"]]?: Partial<Facts> } = {
  "decision.approved": { rejectedAt: null },
  "decision.rejected": { approvedAt: null, signedAt: null, paidOutAt: null },
}

const unheld = (observation: Observation): Observation => Struct.omit(observation, ["hold"])

export const lifecycleCanaries: ReadonlyArray<LifecycleCanary> = [
  {
    name: "drop early events",
    what: "an event that the stage does not expect is dropped, as a chart without facts drops it",
    observe: (loan, observation) =>
      observe(loan, {
        ...observation,
        events: observation.events.filter(({ type }) => expectedAt[loan.stage].includes(type)),
      }),
  },
  {
    name: "last arrival wins",
    what: "a decision erases the opposite one, so the last delivery decides",
    observe: joining((facts, event) => ({ ...joinEvents(facts, [event]), ...forgetting[event.type] })),
  },
  {
    name: "latest hearing of a decision",
    what: "a decision has the time of its last delivery, so that an old decision overrules a ruling",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      if (event.type !== "decision.rejected") return joined
      return { ...joined, rejectedAt: Math.max(facts.rejectedAt ?? 0, event.at) }
    }),
  },
  {
    name: "latest hearing of an offer",
    what: "an offer has the time of its last delivery, so that an old offer comes back",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      if (event.type !== "decision.approved" || event.offer === undefined) return joined
      const others = joined.offers.filter(
        ({ offer }) => JSON.stringify(offer) !== JSON.stringify(event.offer),
      )
      return { ...joined, offers: [...others, { at: event.at, offer: event.offer }] }
    }),
  },
  {
    name: "last ruling heard wins",
    what: "rulings are ordered by their arrival, not by their time",
    observe: joining((facts, event) =>
      joinEvents(event.type === "dispute.ruled" ? { ...facts, ruling: null } : facts, [event]),
    ),
  },
  {
    name: "addition by arrival",
    what: "a poll that began before a request for documents clears the request",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      return event.type === "addition.cleared" ? { ...joined, additionRequestedAt: null } : joined
    }),
  },
  {
    name: "a tie clears the addition",
    what: "a request and a clearing of the same instant count as cleared",
    observe: guarded({
      isAdditionOutstanding: ({ context }) => requestedLater(context),
      isAdditionSettled: ({ context }) => !requestedLater(context),
    }),
  },
  {
    name: "skip the walk's middle",
    what: "the loan jumps from its stage to the end of the walk",
    observe: walking((from, facts) => walk(from, facts).slice(-1)),
  },
  {
    name: "a silent reversal",
    what: "an approved loan becomes rejected without a dispute in between",
    observe: walking((from, facts) => {
      const walked = walk(from, facts)
      return walked.at(-1) === "rejected" ? walked.filter((stage) => stage !== "disputed") : walked
    }),
  },
  {
    name: "no dispute",
    what: "a contradiction does not change the stage",
    observe: guarded({
      isContradicted: () => false,
      isNoLongerApproved: () => false,
      isNoLongerRejected: () => false,
    }),
  },
  {
    name: "a ruling is for ever",
    what: "a later contradiction of a ruling is ignored",
    observe: guarded({
      isContradicted: ({ context }) => context.ruling === null && standing(context) === "contradicted",
      isNoLongerApproved: ({ context }) => context.ruling === null && standing(context) !== "approved",
    }),
  },
  {
    name: "a dispute without end",
    what: "no ruling leads out of the dispute",
    observe: walking((from, facts) => (from === "disputed" ? [] : walk(from, facts))),
  },
  {
    name: "nothing is implied",
    what: "a pay-out does not imply the signature, so the loan waits for a signature",
    observe: guarded({ isSigned: ({ context }) => context.signedAt !== null }),
  },
  {
    name: "a request after the signature",
    what: "a request for documents takes a signed loan back",
    observe: walking((from, facts) => {
      const walked = walk(from, facts)
      const asked = facts.additionRequestedAt !== null && facts.additionClearedAt === null
      return from === "signed" && walked.length === 0 && asked ? ["waitingForAddition"] : walked
    }),
  },
  {
    name: "one step at a time",
    what: "the walk ends after its first step, and each later event makes one more step",
    observe: walking((from, facts) => walk(from, facts).slice(0, 1)),
  },
  {
    name: "no manual inspection",
    what: "an edge of the table that the machine never takes",
    observe: guarded({ isPending: () => false }),
  },
  {
    name: "an addition that stays",
    what: "no clearing leads back from the addition to the approval",
    observe: walking((from, facts) =>
      from === "waitingForAddition" && standing(facts) === "approved" && !isSigned(facts)
        ? []
        : walk(from, facts),
    ),
  },
  {
    name: "admit what nobody vouches for",
    what: "callbacks need no evidence",
    observe: (loan, observation) => observe(loan, unheld({ ...observation, evidence: "credentials" })),
  },
  {
    name: "hold nothing back",
    what: "an observation that must be held is accepted if it has some evidence",
    observe: (loan, observation) => observe(loan, unheld(observation)),
  },
  {
    name: "an inspection is no word",
    what: "the bank's own answer that it inspects the loan again does not change the decision",
    observe: joining((facts, event) =>
      joinEvents(facts, [event.type === "decision.pending" ? { type: event.type, at: event.at } : event]),
    ),
  },
  {
    name: "a silent inspection",
    what: "an approved loan is inspected again without a dispute in between",
    observe: walking((from, facts) => {
      const walked = walk(from, facts)
      return walked.at(-1) === "manualInspection" ? walked.filter((stage) => stage !== "disputed") : walked
    }),
  },
  {
    name: "an inspection without end",
    what: "the bank's decision after a second inspection is ignored",
    observe: walking((from, facts) =>
      from === "manualInspection" && facts.ruling?.decision === "pending" ? [] : walk(from, facts),
    ),
  },
  {
    name: "money is taken back by a word",
    what: "the bank's own rejection overrules a pay-out in its status",
    observe: walking((from, { paidOutConfirmedAt: _confirmed, ...facts }) => walk(from, facts)),
  },
  {
    name: "money is disputed for ever",
    what: "a person's ruling on a paid-out loan counts only until the next poll",
    observe: walking((from, { payOutOverruledAt: _overruled, ...facts }) => walk(from, facts)),
  },
  {
    name: "latest hearing of an inspection",
    what: "an inspection has the time of its last delivery, so that an old inspection puts a decision in doubt",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      if (event.type !== "decision.pending") return joined
      return { ...joined, pendingAt: Math.max(facts.pendingAt ?? 0, event.at) }
    }),
  },
  {
    name: "an inspection is forgotten",
    what: "a decision removes the fact that the bank has inspected the loan",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      return event.type === "decision.approved" ? { ...joined, pendingAt: null } : joined
    }),
  },
  {
    name: "latest confirmation of a pay-out",
    what: "the confirmation of a pay-out has the time of the last answer, so that every poll is news",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      if (event.type !== "loan.paidOut" || event.fresh !== true) return joined
      return { ...joined, paidOutConfirmedAt: Math.max(facts.paidOutConfirmedAt ?? 0, event.at) }
    }),
  },
  {
    name: "a pay-out is confirmed by the last word",
    what: "a callback about a pay-out undoes its confirmation by the bank's own status",
    observe: joining((facts, event) => {
      const { paidOutConfirmedAt, ...joined } = joinEvents(facts, [event])
      const isTaken = event.type === "loan.paidOut" && event.fresh !== true
      return isTaken || paidOutConfirmedAt === undefined ? joined : { ...joined, paidOutConfirmedAt }
    }),
  },
  {
    name: "a pay-out is overruled by the last ruling",
    what: "a later ruling that does not overrule a pay-out undoes an earlier one that did",
    observe: joining((facts, event) => {
      const { payOutOverruledAt, ...joined } = joinEvents(facts, [event])
      const isTaken = event.type === "dispute.ruled" && event.overrulesPayOut !== true
      return isTaken || payOutOverruledAt === undefined ? joined : { ...joined, payOutOverruledAt }
    }),
  },
  {
    name: "a value is looked at",
    what: "an approval with an amount of zero counts as a rejection",
    observe: joining((facts, event) =>
      joinEvents(facts, [
        event.type === "decision.approved" && event.offer?.approvedAmount === "0"
          ? { type: "decision.rejected", at: event.at }
          : event,
      ]),
    ),
  },
  {
    name: "a distance is looked at",
    what: "a clearing soon after a request for documents does not count",
    observe: joining((facts, event) =>
      event.type === "addition.cleared" &&
      facts.additionRequestedAt !== null &&
      Math.abs(event.at - facts.additionRequestedAt) < 3
        ? facts
        : joinEvents(facts, [event]),
    ),
  },
  {
    name: "a replica that lags is believed",
    what: "an answer without outstanding documents counts from the time of the poll, and not from some time before",
    observe: joining((facts, event) =>
      joinEvents(facts, [event.type === "addition.cleared" ? { ...event, at: event.at + lagMax } : event]),
    ),
  },
  {
    name: "signed on the last offer",
    what: "an offer after the signature changes the signed offer",
    observe: joining((facts, event) => {
      const joined = joinEvents(facts, [event])
      const stands = currentOffer(joined)
      return joined.signedOn === undefined || stands === null
        ? joined
        : { ...joined, signedOn: { ...joined.signedOn, offer: stands, since: joined.signedOn.at } }
    }),
  },
  {
    name: "the last request is all",
    what: "a request for documents removes the documents of earlier requests",
    observe: joining((facts, event) => {
      const { documentsAdded: _added, ...others } = facts
      const isRequest = event.type === "addition.requested" && event.adds === true
      return joinEvents(isRequest ? others : facts, [event])
    }),
  },
  {
    name: "closed by arrival",
    what: "the closing or reopening that arrives last counts, even if it is older",
    observe: joining((facts, event) => {
      const { closure, ...open } = facts
      const isWord = event.type === "loan.closed" || event.type === "loan.reopened"
      return joinEvents(isWord || closure === undefined ? open : { ...open, closure }, [event])
    }),
  },
  {
    name: "closed for ever",
    what: "a closed loan stays closed after any message",
    observe: joining((facts, event) =>
      event.type === "loan.reopened" && isClosed(facts) ? facts : joinEvents(facts, [event]),
    ),
  },
  {
    name: "closed is a verdict",
    what: "a closed loan counts as rejected",
    observe: joining((facts, event) =>
      joinEvents(
        facts,
        event.type === "loan.closed" ? [event, { type: "decision.rejected", at: event.at }] : [event],
      ),
    ),
  },
  {
    name: "a closing is read by the machine",
    what: "a closed loan makes no step",
    observe: walking((from, facts) => (isClosed(facts) ? [] : walk(from, facts))),
  },
  {
    name: "levels are forgotten",
    what: "repeats in the bank's answers are left out, so that a late callback from before them counts",
    observe: (loan, observation) => observe(loan, Struct.omit(observation, ["levels"])),
  },
  {
    name: "levels are anybody's word",
    what: "repeats in the bank's answers count as reports of the observation's own source",
    observe: (loan, { levels = [], events, ...others }) =>
      observe(loan, { ...others, events: [...levels, ...events] }),
  },
  {
    name: "a registration is the bank's word",
    what: "a merchant's registration joins the facts as a report of the bank",
    observe: observing({ ...lifecycle, join: (facts, events) => joinEvents(facts, events) }),
  },
  {
    name: "a registration disputes",
    what: "a merchant's registration can contradict the bank's reports",
    observe: walking((from, facts) => walk(from, mixed(facts))),
  },
  {
    name: "a registration stands for ever",
    what: "a merchant's registration still counts after the bank's first report",
    observe: walking((from, facts) => walk(from, merchantFirst(facts))),
  },
  {
    name: "a repetition is news",
    what: "an observation without news is noted as news",
    observe: (loan, observation) => {
      const decision = observe(loan, observation)
      return decision.disposition === "repeated" ? { ...decision, disposition: "noted" } : decision
    },
  },
  {
    name: "what is held does not count",
    what: "a held observation leaves no version behind",
    observe: (loan, observation) => {
      const decision = observe(loan, observation)
      return decision.hold === null ? decision : { ...decision, loan }
    },
  },
]
