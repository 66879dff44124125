import type { Facts, MerchantFacts, Ruling } from "@loan-engine/domain/facts"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { hasBankSpoken, isSigned } from "@loan-engine/domain/standing"
import type { Walk } from "@loan-engine/domain/walk"
import { byMerchant } from "../properties/arbitraries.ts"
import type { Told } from "../properties/arbitraries.ts"

/**
 * Reduces facts to a finite number of cases. The guards compare instants only within two groups. One group is the
 * verdicts and the ruling; the other is the request for an addition and its clearing. So each instant becomes twice
 * its rank in its group. This leaves room for an event before, at, between and after all instants. No guard reads
 * offers, methods and documents, so they are left out; the random properties cover them.
 *
 * The closing of a loan is also left out, because no guard reads it.
 *
 * Facts that no guard reads any longer are left out too:
 *
 * - what the merchant registered, after the bank's first report;
 * - that the bank inspects, after its decision;
 * - additions, after the signature.
 *
 * This keeps the search small, and it hides no defect. Every event is still applied to every snapshot. A lifecycle
 * that reads a left-out fact later reaches two stages from one snapshot of the search, and the search reports that.
 * The canaries show it.
 */
export function abstracted(facts: Facts): Facts {
  const verdicts = ranks([
    facts.approvedAt,
    facts.rejectedAt,
    facts.signedAt,
    facts.paidOutAt,
    facts.ruling?.at ?? null,
  ])
  const additions = isSigned(facts) ? () => null : ranks([facts.additionRequestedAt, facts.additionClearedAt])
  const isDecided = [facts.approvedAt, facts.rejectedAt, facts.signedAt, facts.paidOutAt, facts.ruling].some(
    (said) => said !== null,
  )
  const { merchant, paidOutConfirmedAt, payOutOverruledAt, closure: _closure, ...bank } = facts
  const isRead = merchant !== undefined && !hasBankSpoken(facts)
  return {
    ...bank,
    ...(payOutOverruledAt === undefined ? {} : { payOutOverruledAt: 2 }),
    // After a person has overruled the pay-out, no guard reads whether the bank confirms it.
    ...(paidOutConfirmedAt === undefined || payOutOverruledAt !== undefined ? {} : { paidOutConfirmedAt: 2 }),
    ...(isRead ? { merchant: abstractedMerchant(merchant) } : {}),
    pendingAt: facts.pendingAt === null || isDecided ? null : 2,
    approvedAt: verdicts(facts.approvedAt),
    rejectedAt: verdicts(facts.rejectedAt),
    signedAt: verdicts(facts.signedAt),
    paidOutAt: verdicts(facts.paidOutAt),
    additionRequestedAt: additions(facts.additionRequestedAt),
    additionClearedAt: additions(facts.additionClearedAt),
    ruling: facts.ruling === null ? null : { ...facts.ruling, at: verdicts(facts.ruling.at) ?? 0 },
  }
}

const said = (at: Instant | null): Instant | null => (at === null ? null : 2)

const abstractedMerchant = ({ pendingAt, approvedAt, rejectedAt }: MerchantFacts): MerchantFacts => ({
  pendingAt: said(pendingAt),
  approvedAt: said(approvedAt),
  rejectedAt: said(rejectedAt),
  offers: [],
})

/** A short text that differs for different abstracted facts. */
export function factsKey({ ruling, merchant, ...facts }: Facts): string {
  return [
    facts.pendingAt,
    facts.approvedAt,
    facts.rejectedAt,
    facts.signedAt,
    facts.paidOutAt,
    facts.additionRequestedAt,
    facts.additionClearedAt,
    ruling?.at,
    ruling?.decision,
    ruling?.by,
    facts.paidOutConfirmedAt,
    facts.payOutOverruledAt,
    merchant?.pendingAt,
    merchant?.approvedAt,
    merchant?.rejectedAt,
  ].join()
}

function ranks(instants: ReadonlyArray<Instant | null>): (at: Instant | null) => Instant | null {
  const heard = [...new Set(instants.filter((at) => at !== null))].sort((a, b) => a - b)
  return (at) => (at === null ? null : 2 * (heard.indexOf(at) + 1))
}

/** The kinds of events that affect a verdict, from a bank that does not change its mind. */
export const verdictEvents: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "decision.approved", at }),
  (at) => ({ type: "decision.approved", at, fresh: true }),
  (at) => ({ type: "decision.rejected", at }),
  (at) => ({ type: "decision.rejected", at, fresh: true }),
  (at) => ({ type: "agreement.signed", at }),
  (at) => ({ type: "loan.paidOut", at }),
  (at) => ({ type: "dispute.ruled", at, decision: "approved", by: "operator", reason: "ruled" }),
  (at) => ({ type: "dispute.ruled", at, decision: "rejected", by: "operator", reason: "ruled" }),
]

/** The additional kinds of events if the bank changes its mind: its answers to polls, and the rulings on them. */
export const secondThoughts: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => inspectedAgain(at),
  (at) => confirmedPayOut(at),
  (at) => overruledPayOut(at),
]

const inspectedAgain = (at: Instant): LoanEvent => ({ type: "decision.pending", at, fresh: true })
const confirmedPayOut = (at: Instant): LoanEvent => ({ type: "loan.paidOut", at, fresh: true })
const overruledPayOut = (at: Instant): LoanEvent => ({
  type: "dispute.ruled",
  at,
  decision: "rejected",
  by: "operator",
  reason: "ruled",
  overrulesPayOut: true,
})

/**
 * The marks on a pay-out: the bank confirms it, or a person overrules it. A marked event adds the same as the
 * unmarked event at this place, and a mark without an order. So it is enough to apply the unmarked events at every
 * place, and the marks to the facts that result.
 *
 * Each mark is applied as early and as late as possible. A lifecycle that reads an order into the marks then reaches
 * two stages for the same facts. A person can overrule only a loan that is paid out.
 */
const payOutMarks = (
  { paidOutAt }: Facts,
  instants: ReadonlyArray<Instant | null>,
): ReadonlyArray<LoanEvent> =>
  paidOutAt === null
    ? []
    : [
        confirmedPayOut(paidOutAt),
        confirmedPayOut(last(instants) + 1),
        overruledPayOut(0),
        overruledPayOut(last(instants) + 1),
      ]

/** Every kind of event that a merchant can register. */
export const merchantEvents: ReadonlyArray<(at: Instant) => Told> = [
  (at) => byMerchant({ type: "decision.pending", at }),
  (at) => byMerchant({ type: "decision.approved", at }),
  (at) => byMerchant({ type: "decision.rejected", at }),
]

export const additionEvents: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "addition.requested", at }),
  (at) => ({ type: "addition.cleared", at }),
]

/** An operator closes the loan and opens it again. */
const closingEvents: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "loan.closed", at, closedFor: "withdrawn", by: "operator" }),
  (at) => ({ type: "loan.reopened", at, by: "operator" }),
]

/** The instants at which an event can be added to a group of instants. */
export type Places = (instants: ReadonlyArray<Instant | null>) => ReadonlyArray<Instant>

/**
 * Every event that can follow abstracted facts: each kind, at each place in its group. `verdictPlacesOf` can limit
 * the places of verdicts.
 */
export function eventsUpon(facts: Facts, verdictPlacesOf: Places): ReadonlyArray<Told> {
  const { approvedAt, rejectedAt, signedAt, paidOutAt, ruling } = facts
  const verdicts = [approvedAt, rejectedAt, signedAt, paidOutAt, ruling?.at ?? null]
  const verdictPlaces = verdictPlacesOf(verdicts)
  const additionPlaces = anywhere([facts.additionRequestedAt, facts.additionClearedAt])
  return [
    { type: "decision.pending", at: 2 },
    ...merchantEvents.map((event) => event(2)),
    ...verdictPlaces.flatMap((at) => [...verdictEvents, inspectedAgain].map((event) => event(at))),
    ...payOutMarks(facts, verdicts),
    ...additionPlaces.flatMap((at) => additionEvents.map((event) => event(at))),
    ...closingEvents.map((event) => event(2)),
  ]
}

const last = (instants: ReadonlyArray<Instant | null>): Instant =>
  Math.max(0, ...instants.map((at) => at ?? 0))

/** Before, at and between the used instants, and after the last one. So events can come in any order. */
export const anywhere: Places = (instants) =>
  Array.from({ length: last(instants) + 1 }, (_, index) => index + 1)

/** After the last instant only. So events come in the order in which they happened, never two at the same time. */
export const inOrder: Places = (instants) => [last(instants) + 1]

/** Events that lead to exactly these facts. Given a merchant's facts, the events that lead to them. */
export function eventsBehind(facts: Facts): ReadonlyArray<LoanEvent> {
  const heard = (type: SimpleEvent["type"], at: Instant | null): ReadonlyArray<LoanEvent> =>
    at === null ? [] : [{ type, at }]
  return [
    ...heard("decision.pending", facts.pendingAt),
    ...heard("decision.approved", facts.approvedAt),
    ...heard("decision.rejected", facts.rejectedAt),
    ...heard("agreement.signed", facts.signedAt),
    ...heard("loan.paidOut", facts.paidOutAt).map((event) =>
      facts.paidOutConfirmedAt === undefined ? event : { ...event, fresh: true as const },
    ),
    ...(facts.payOutOverruledAt === undefined ? [] : [overruledPayOut(0)]),
    ...heard("addition.requested", facts.additionRequestedAt),
    ...heard("addition.cleared", facts.additionClearedAt),
    ...(facts.ruling === null ? [] : [rulingEvent(facts.ruling)]),
  ]
}

type SimpleEvent = Exclude<LoanEvent, { readonly by: string }>

const rulingEvent = ({ at, decision, by, reason }: Ruling): LoanEvent =>
  by === null || decision === "pending"
    ? { type: `decision.${decision}`, at, fresh: true }
    : { type: "dispute.ruled", at, decision, by, reason: reason ?? "" }

/** Computes the walk once for each stage and each order of instants, because the guards only compare instants. */
export function oncePerOrder(walk: Walk): Walk {
  const walks = new Map<string, ReadonlyArray<Stage>>()
  return (from, facts) => {
    const question = `${from} ${factsKey(abstracted(facts))}`
    const known = walks.get(question) ?? walk(from, facts)
    walks.set(question, known)
    return known
  }
}
