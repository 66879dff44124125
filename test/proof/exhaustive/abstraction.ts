import type { Facts, MerchantFacts, Ruling } from "@loan-engine/domain/facts"
import type { Instant } from "@loan-engine/domain/instant"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { hasBankSpoken, isSigned } from "@loan-engine/domain/standing"
import type { Walk } from "@loan-engine/domain/walk"
import { byMerchant } from "../properties/arbitraries.ts"
import type { Told } from "../properties/arbitraries.ts"

/**
 * The finite abstraction of facts: instants reduced to their order. The guards compare instants in two groups only, verdicts
 * with the ruling, and the request for an addition with its clearing; so within a group each instant becomes twice its
 * rank, which leaves room for an event before, at, between and after all of them. What no guard reads (offers, methods,
 * documents) is left out; the properties over concrete payloads cover it.
 *
 * That somebody has closed the loan is no part of it either: no guard reads it, and a lifecycle that does is found.
 *
 * Facts that are no longer read are left out as well: what the merchant registered, after the bank has spoken; that
 * the bank inspects, once it has decided; additions, once the loan is signed. That is the quotient by which the search stays small. Every
 * event still comes to every snapshot, so a lifecycle that reads any of it later comes to two stages from what the search takes for
 * one, and is found (the canaries show it).
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
    // Once it is overruled, whether the bank confirms a pay-out is read no more.
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

/** What tells two abstracted facts apart, as one short text. */
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

/** The kinds of events that bear on a verdict at a bank that keeps to what it said, at a given instant. */
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

/** The kinds that a bank adds which thinks again: its own answers, and how a person rules on them. */
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
 * The marks on a pay-out, that the bank confirms it and that a person overrules it: a marked event joins what the unmarked one at the
 * same place joins, and a mark that has no order. So the unmarked events at every place, and a mark on each of the facts they lead
 * to, come to everything that marked events at every place do. Each mark comes as early and as late as can be: a lifecycle that reads
 * an order into them then comes to two stages for the same facts. A person overrules only what is paid out.
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

/** Every kind of event that a merchant hands over. */
export const merchantEvents: ReadonlyArray<(at: Instant) => Told> = [
  (at) => byMerchant({ type: "decision.pending", at }),
  (at) => byMerchant({ type: "decision.approved", at }),
  (at) => byMerchant({ type: "decision.rejected", at }),
]

export const additionEvents: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "addition.requested", at }),
  (at) => ({ type: "addition.cleared", at }),
]

/** Somebody closes the loan, and opens it again. */
const closingEvents: ReadonlyArray<(at: Instant) => LoanEvent> = [
  (at) => ({ type: "loan.closed", at, closedFor: "withdrawn", by: "operator" }),
  (at) => ({ type: "loan.reopened", at, by: "operator" }),
]

/** At which places in the order of a group's instants an event can come. */
export type Places = (instants: ReadonlyArray<Instant | null>) => ReadonlyArray<Instant>

/**
 * Every event that can follow abstracted facts: each kind, at each place in the order of its group's instants. Verdicts
 * may be kept to some of the places.
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

/** Before, at and between the instants in use, and after the last of them: events come in any order. */
export const anywhere: Places = (instants) =>
  Array.from({ length: last(instants) + 1 }, (_, index) => index + 1)

/** After the last of them: events come in the order in which they happened, no two at once. */
export const inOrder: Places = (instants) => [last(instants) + 1]

/** Events that come to just these facts; of the merchant's, those that come to its part. */
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

/** A walk that is taken once for each stage and each order of instants: the guards compare instants, and do no more with them. */
export function oncePerOrder(walk: Walk): Walk {
  const walks = new Map<string, ReadonlyArray<Stage>>()
  return (from, facts) => {
    const question = `${from} ${factsKey(abstracted(facts))}`
    const known = walks.get(question) ?? walk(from, facts)
    walks.set(question, known)
    return known
  }
}
