import { Schema, Struct } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import { Closure } from "./closure.ts"
import { Instant } from "./instant.ts"
import type { LoanEvent } from "./loan-event.ts"
import { SigningMethod, Verdict } from "./loan-event.ts"
import { DocumentType, DocumentTypes, documentTypesMax, Offer } from "./offer.ts"

/**
 * The decision that settles a contradiction. It is an operator's ruling, or the bank's answer when the engine asked
 * for its decision. Only an operator's ruling has `by` and `reason`. Only the bank's ruling can have an offer, which
 * is then the current one. Only the bank can rule `pending`: the bank inspects the loan by hand again, so its earlier
 * decision no longer counts.
 */
export const Ruling = Schema.Struct({
  at: Instant,
  decision: Schema.Literals([...Verdict.literals, "pending"]),
  by: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  offer: Schema.NullOr(Offer),
})
export type Ruling = typeof Ruling.Type

const heard = Schema.NullOr(Instant)
const offersHeard = Schema.Array(Schema.Struct({ at: Instant, offer: Offer }))

/**
 * The bank's decision as the merchant registered it. It never overrules anything. It counts only until the bank
 * itself reports a decision.
 */
export const MerchantFacts = Schema.Struct({
  pendingAt: heard,
  approvedAt: heard,
  rejectedAt: heard,
  offers: offersHeard,
})
export type MerchantFacts = typeof MerchantFacts.Type

/**
 * Who reported an event. Events of the bank and of operators join the same facts. Events of the merchant join only the
 * member `merchant` of the facts.
 */
export type Teller = "bank" | "merchant"

/**
 * The facts of one loan: the join of all its admitted events. Each member is a small lattice, so all members together
 * are one lattice too. Joining is commutative, associative and idempotent. So the order, the repetition and the
 * batching of events do not change the facts.
 *
 * | member | how it grows |
 * | --- | --- |
 * | `pendingAt` … `paidOutAt` | The earliest time wins. A message that is delivered again arrives later, so it changes nothing. |
 * | `offers`, `methods` | Union by content. Each entry has the time when it was first received. |
 * | `additionRequestedAt`, `additionClearedAt` | The latest time wins. Together they are a last-writer-wins register. If both times are equal, the request wins. |
 * | `documents`, `ruling`, `closure` | The latest `at` wins, then the greater canonical text. `closure` is absent until somebody closes the loan. |
 * | `documentsAdded` | Union by document. Each entry has the time of its latest request. Absent until a request with `adds` arrives. |
 * | `signedOn` | The earliest `at` wins, then the latest `since`, then the greater canonical text. Absent until a signature with `onOffer` arrives. |
 * | `paidOutConfirmedAt`, `payOutOverruledAt` | The earliest time wins: of the bank's own answer, and of a person's ruling. Absent until there is one. |
 * | `merchant` | The same rules, for what the merchant registered. Absent if the merchant registered no decision. |
 */
export const Facts = Schema.Struct({
  pendingAt: heard,
  approvedAt: heard,
  rejectedAt: heard,
  signedAt: heard,
  paidOutAt: heard,
  additionRequestedAt: heard,
  additionClearedAt: heard,
  documents: Schema.NullOr(Schema.Struct({ at: Instant, types: DocumentTypes })),
  methods: Schema.Array(Schema.Struct({ at: Instant, method: SigningMethod })),
  offers: offersHeard,
  ruling: Schema.NullOr(Ruling),
  paidOutConfirmedAt: Schema.optionalKey(Instant),
  payOutOverruledAt: Schema.optionalKey(Instant),
  merchant: Schema.optionalKey(MerchantFacts),
  closure: Schema.optionalKey(Closure),
  signedOn: Schema.optionalKey(Schema.Struct({ at: Instant, offer: Offer, since: Instant })),
  documentsAdded: Schema.optionalKey(Schema.Array(Schema.Struct({ at: Instant, type: DocumentType }))),
})
export type Facts = typeof Facts.Type

/** The facts of a loan before its first event. They are the join's neutral element. */
export const noFacts: Facts = {
  pendingAt: null,
  approvedAt: null,
  rejectedAt: null,
  signedAt: null,
  paidOutAt: null,
  additionRequestedAt: null,
  additionClearedAt: null,
  documents: null,
  methods: [],
  offers: [],
  ruling: null,
}

/** Joins one event to the facts. If the event brings nothing new, the result is the same object. */
export function joinEvent(facts: Facts, event: LoanEvent): Facts {
  switch (event.type) {
    case "decision.pending":
      return joinInspection(facts, event)
    case "decision.approved":
      return joinApproval(facts, event)
    case "decision.rejected":
      return joinRejection(facts, event)
    case "addition.requested":
      return joinAdditionRequest(facts, event)
    case "addition.cleared":
      return withMember(facts, "additionClearedAt", latest(facts.additionClearedAt, event.at))
    case "agreement.signed":
      return joinSignature(facts, event)
    case "loan.paidOut":
      return joinPayOut(facts, event)
    case "dispute.ruled":
      return joinOperator(facts, event)
    case "loan.closed":
      return joinClosure(facts, {
        ...wordOf(event),
        reason: event.closedFor,
        approved: event.approved === true,
      })
    case "loan.reopened":
      return joinClosure(facts, { ...wordOf(event), reason: null, approved: false })
  }
}

/**
 * Joins all events of one speaker to the facts. From a merchant, only decisions join; other events change nothing.
 */
export const joinEvents = (facts: Facts, events: ReadonlyArray<LoanEvent>, teller: Teller = "bank"): Facts =>
  teller === "bank" ? events.reduce(joinEvent, facts) : joinMerchant(facts, events)

const merchantMembers = ["pendingAt", "approvedAt", "rejectedAt", "offers"] as const

/**
 * Joins a merchant's decisions in the same way as the bank's, but into `facts.merchant`. A merchant's decision is
 * never fresh, so it is never a ruling.
 */
function joinMerchant(facts: Facts, events: ReadonlyArray<LoanEvent>): Facts {
  const known: Facts = { ...noFacts, ...facts.merchant }
  const joined = events.filter(isDecision).map(notFresh).reduce(joinEvent, known)
  if (merchantMembers.every((member) => joined[member] === known[member])) return facts
  const { pendingAt, approvedAt, rejectedAt, offers } = joined
  return { ...facts, merchant: { pendingAt, approvedAt, rejectedAt, offers } }
}

/** Whether a merchant can register this event. */
export const isDecision = (event: LoanEvent): event is Decided =>
  event.type === "decision.pending" ||
  event.type === "decision.approved" ||
  event.type === "decision.rejected"

type Decided = Of<"decision.pending"> | Of<"decision.approved"> | Of<"decision.rejected">

const notFresh = (event: Decided): LoanEvent =>
  event.type === "decision.approved" ? Struct.omit(event, ["fresh"]) : { type: event.type, at: event.at }

/**
 * How many different offers, and how many different signing methods, the engine keeps for one loan. This limits the
 * cost of a loan with a long history. A bank makes only a few offers. Beyond the limit, the current offer depends on
 * the order of arrival, until the bank answers a quote.
 */
export const offersKeptMax = 100

/** Whether the event has a new offer, but the loan has as many offers as are kept. */
export const isOfferTooMany = ({ offers }: Facts, event: LoanEvent): boolean =>
  event.type === "decision.approved" &&
  event.offer !== undefined &&
  offers.length >= offersKeptMax &&
  !offers.some((known) => offerKey(known) === offerKey({ offer: event.offer ?? {} }))

type Of<T extends LoanEvent["type"]> = Extract<LoanEvent, { type: T }>

function joinInspection(facts: Facts, event: Of<"decision.pending">): Facts {
  const pending = withMember(facts, "pendingAt", earliest(facts.pendingAt, event.at))
  return event.fresh === true ? joinRuling(pending, bankRuling(event.at, "pending", null)) : pending
}

function joinApproval(facts: Facts, event: Of<"decision.approved">): Facts {
  const offer = event.offer ?? null
  const approved = withMember(facts, "approvedAt", earliest(facts.approvedAt, event.at))
  const offered =
    offer === null || isOfferTooMany(facts, event)
      ? approved
      : withMember(approved, "offers", joinHeard(approved.offers, { at: event.at, offer }, offerKey))
  return event.fresh === true ? joinRuling(offered, bankRuling(event.at, "approved", offer)) : offered
}

function joinRejection(facts: Facts, event: Of<"decision.rejected">): Facts {
  const rejected = withMember(facts, "rejectedAt", earliest(facts.rejectedAt, event.at))
  return event.fresh === true ? joinRuling(rejected, bankRuling(event.at, "rejected", null)) : rejected
}

function joinAdditionRequest(facts: Facts, event: Of<"addition.requested">): Facts {
  const requested = withMember(facts, "additionRequestedAt", latest(facts.additionRequestedAt, event.at))
  if (event.requiredDocuments === undefined) return requested
  if (event.adds === true) return joinDocuments(requested, event.at, event.requiredDocuments)
  const documents = { at: event.at, types: event.requiredDocuments }
  return withMember(requested, "documents", latestByText(requested.documents, documents))
}

/** How many different documents are kept for one loan: those of the latest requests. Banks use about a dozen. */
export const documentsKeptMax = documentTypesMax

/** Whether the event asks for more different documents than are kept. Then the earliest are no longer known. */
export const areDocumentsTooMany = ({ documentsAdded = [] }: Facts, event: LoanEvent): boolean =>
  event.type === "addition.requested" &&
  new Set([...documentsAdded.map(({ type }) => type), ...(event.requiredDocuments ?? [])]).size >
    documentsKeptMax

function joinDocuments(facts: Facts, at: Instant, types: ReadonlyArray<string>): Facts {
  const known = facts.documentsAdded ?? []
  const isNews = (type: string) => !known.some((entry) => entry.type === type && entry.at >= at)
  const news = [...new Set(types)].filter(isNews)
  if (news.length === 0) return facts
  const others = known.filter(({ type }) => !news.includes(type))
  const joined = [...others, ...news.map((type) => ({ at, type }))]
    .sort((a, b) => a.at - b.at || (a.type < b.type ? -1 : 1))
    .slice(-documentsKeptMax)
  return { ...facts, documentsAdded: joined }
}

function joinSignature(facts: Facts, event: Of<"agreement.signed">): Facts {
  const signed = joinOffer(withMember(facts, "signedAt", earliest(facts.signedAt, event.at)), event)
  if (event.method === undefined) return signed
  const methods = joinHeard(signed.methods, { at: event.at, method: event.method }, methodKey)
  // Keeping the earliest makes the result independent of the order of arrival.
  return withMember(
    signed,
    "methods",
    methods.length > offersKeptMax ? methods.slice(0, offersKeptMax) : methods,
  )
}

/**
 * Keeps the offer that was current when the signature was first received. If two signatures have the same time, the
 * offer with the later `since` wins, then the greater text.
 */
function joinOffer(facts: Facts, { at, onOffer }: Of<"agreement.signed"> | Of<"loan.paidOut">): Facts {
  if (onOffer === undefined) return facts
  const stood = { at, ...onOffer }
  const { signedOn: known } = facts
  const isFirst = known === undefined || at < known.at || (at === known.at && stoodLater(stood, known))
  return isFirst ? { ...facts, signedOn: stood } : facts
}

type Stood = NonNullable<Facts["signedOn"]>

const stoodLater = (one: Stood, other: Stood): boolean =>
  one.since > other.since || (one.since === other.since && offerKey(one) > offerKey(other))

function joinPayOut(facts: Facts, event: Of<"loan.paidOut">): Facts {
  const paidOut = joinOffer(withMember(facts, "paidOutAt", earliest(facts.paidOutAt, event.at)), event)
  if (event.fresh !== true) return paidOut
  return withMember(paidOut, "paidOutConfirmedAt", earliest(facts.paidOutConfirmedAt ?? null, event.at))
}

function joinOperator(
  facts: Facts,
  { at, decision, by, reason, overrulesPayOut }: Of<"dispute.ruled">,
): Facts {
  const ruled = joinRuling(facts, { at, decision, by, reason, offer: null })
  if (overrulesPayOut !== true) return ruled
  return withMember(ruled, "payOutOverruledAt", earliest(facts.payOutOverruledAt ?? null, at))
}

type Closing = Of<"loan.closed"> | Of<"loan.reopened">
const wordOf = ({ at, by, note }: Closing): Pick<Closure, "at" | "by" | "note"> => ({
  at,
  by: by ?? null,
  note: note ?? null,
})

const joinClosure = (facts: Facts, closure: Closure): Facts =>
  withMember(facts, "closure", latestByText(facts.closure ?? null, closure))

const joinRuling = (facts: Facts, ruling: Ruling): Facts =>
  withMember(facts, "ruling", latestByText(facts.ruling, ruling))

const bankRuling = (at: Instant, decision: Ruling["decision"], offer: Offer | null): Ruling => ({
  at,
  decision,
  by: null,
  reason: null,
  offer,
})

const offerKey = (entry: { readonly offer: Offer }): string => canonicalJson(entry.offer)
const methodKey = (entry: { readonly method: string }): string => entry.method

function withMember<K extends keyof Facts>(facts: Facts, key: K, value: Facts[K]): Facts {
  return facts[key] === value ? facts : { ...facts, [key]: value }
}

const earliest = (known: Instant | null, at: Instant): Instant => (known === null || at < known ? at : known)

const latest = (known: Instant | null, at: Instant): Instant => (known === null || at > known ? at : known)

type Dated = { readonly at: Instant }

function latestByText<T extends Dated & Parameters<typeof canonicalJson>[0]>(known: T | null, next: T): T {
  if (known === null || next.at > known.at) return next
  if (next.at < known.at) return known
  return canonicalJson(next) > canonicalJson(known) ? next : known
}

/**
 * Adds one entry to a set of contents. Each content keeps the time when it was first received. The set is sorted by
 * that time, then by content.
 */
function joinHeard<T extends Dated>(
  known: ReadonlyArray<T>,
  next: T,
  keyOf: (entry: T) => string,
): ReadonlyArray<T> {
  const key = keyOf(next)
  const same = known.find((entry) => keyOf(entry) === key)
  if (same !== undefined && same.at <= next.at) return known
  const others = known.filter((entry) => entry !== same)
  return [...others, next].sort((a, b) => a.at - b.at || (keyOf(a) < keyOf(b) ? -1 : 1))
}
