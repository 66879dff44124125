import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { LoanEvent } from "@loan-engine/domain/loan-event"
import type { Offer } from "@loan-engine/domain/offer"

/** The state of a loan, as a person would derive it from all events. */
export interface Conclusion {
  readonly stage: Stage
  readonly additionOutstanding: boolean
  readonly offer: Offer | null
  readonly documents: ReadonlyArray<string>
  readonly method: string | null
  readonly closed: boolean
}

/**
 * The naive reference. It keeps all events, sorts them and derives the result, without a machine and without joins.
 * On purpose it is separate from the domain: it shares only the events and the text by which they are compared.
 * `handedOver` is what the merchant registered.
 */
export function conclude(
  said: ReadonlyArray<LoanEvent>,
  handedOver: ReadonlyArray<LoanEvent> = [],
): Conclusion {
  const verdict = verdictOf(said.some(isOfDecision) ? said : handedOver)
  const requests = said.filter((event) => event.type === "addition.requested")
  const clearedLast = latestAt(said.filter((event) => event.type === "addition.cleared"))
  const isWaitedFor = requests.length > 0 && latestAt(requests) >= clearedLast
  const stage = stageOf(said, verdict, isWaitedFor)
  const closed = isClosed(said)
  const isOver = closed || stage === "rejected" || stage === "paidOut"
  const additionOutstanding = isWaitedFor && !isOver
  const open = requests.filter((event) => event.requiredDocuments !== undefined && event.at >= clearedLast)
  const asked = open.filter((event) => event.adds !== true)
  const lastAsked = lastBy(asked, (event) =>
    canonicalJson({ at: event.at, types: event.requiredDocuments ?? [] }),
  )
  return {
    stage,
    additionOutstanding,
    offer: verdict === "approved" ? (isOfferNamed(said) ? offerOf(said) : offerOf(handedOver)) : null,
    documents: additionOutstanding
      ? [...new Set([...(lastAsked?.requiredDocuments ?? []), ...addedUp(open)])]
      : [],
    method: methodOf(said),
    closed,
  }
}

/** The documents of the requests that add to earlier requests, in the order of the latest request for each. */
function addedUp(open: ReadonlyArray<LoanEvent>): ReadonlyArray<string> {
  const all = open.flatMap((event) =>
    event.type === "addition.requested" && event.adds === true
      ? (event.requiredDocuments ?? []).map((type) => ({ at: event.at, type }))
      : [],
  )
  return all
    .filter(({ at, type }) => !all.some((other) => other.type === type && other.at > at))
    .toSorted((a, b) => a.at - b.at || (a.type < b.type ? -1 : 1))
    .map(({ type }) => type)
}

/**
 * Whether an event concerns the decision. The merchant's registration counts only until the bank reports such an
 * event.
 */
export const isOfDecision = ({ type }: LoanEvent): boolean =>
  !["addition.requested", "addition.cleared", "loan.closed", "loan.reopened"].includes(type)

const isOfferNamed = (said: ReadonlyArray<LoanEvent>): boolean =>
  lastRuling(said) !== undefined ||
  said.some((event) => event.type === "decision.approved" && event.offer !== undefined)

/** Whether the last closing or reopening was a closing. */
function isClosed(said: ReadonlyArray<LoanEvent>): boolean {
  const words = said.filter((event) => event.type === "loan.closed" || event.type === "loan.reopened")
  const last = lastBy(words, (word) =>
    canonicalJson({
      at: word.at,
      by: word.by ?? null,
      note: word.note ?? null,
      reason: word.type === "loan.closed" ? word.closedFor : null,
      approved: word.type === "loan.closed" && word.approved === true,
    }),
  )
  return last?.type === "loan.closed"
}

type Verdict = "approved" | "rejected" | "contradicted" | "pending" | "undecided"

function verdictOf(said: ReadonlyArray<LoanEvent>): Verdict {
  const yes = firstHearings(said, ["decision.approved", "agreement.signed", "loan.paidOut"])
  const no = firstHearings(said, ["decision.rejected"])
  const ruled = lastRuling(said)
  if (ruled !== undefined && isPayOutDenied(said, ruled)) return "contradicted"
  if (ruled?.decision === "pending") {
    const approved = yes.some((at) => at > ruled.at)
    const rejected = no.some((at) => at > ruled.at)
    if (approved && rejected) return "contradicted"
    return approved ? "approved" : rejected ? "rejected" : "pending"
  }
  if (ruled !== undefined) {
    const opposed = ruled.decision === "approved" ? no : yes
    return opposed.some((at) => at > ruled.at) ? "contradicted" : ruled.decision
  }
  if (yes.length > 0 && no.length > 0) return "contradicted"
  if (yes.length > 0) return "approved"
  if (no.length > 0) return "rejected"
  return said.some(({ type }) => type === "decision.pending") ? "pending" : "undecided"
}

/**
 * Whether the bank denies its own pay-out. The status says that the loan is paid out. The last quote says something
 * other than approved, and was asked after the report of the pay-out or at the same time. No person has overruled the
 * pay-out.
 */
const isPayOutDenied = (said: ReadonlyArray<LoanEvent>, { at, by, decision }: Ruled): boolean =>
  by === null &&
  decision !== "approved" &&
  firstHearings(said, ["loan.paidOut"]).every((paidOutAt) => paidOutAt <= at) &&
  said.some((event) => event.type === "loan.paidOut" && event.fresh === true) &&
  !said.some((event) => event.type === "dispute.ruled" && event.overrulesPayOut === true)

function stageOf(said: ReadonlyArray<LoanEvent>, verdict: Verdict, additionOutstanding: boolean): Stage {
  if (verdict === "undecided") return "submitted"
  if (verdict === "pending") return "manualInspection"
  if (verdict === "contradicted") return "disputed"
  if (verdict === "rejected") return "rejected"
  if (said.some(({ type }) => type === "loan.paidOut")) return "paidOut"
  if (said.some(({ type }) => type === "agreement.signed")) return "signed"
  return additionOutstanding ? "waitingForAddition" : "approved"
}

/** The time of the first event of each of these types, without the types that never occurred. */
const firstHearings = (
  said: ReadonlyArray<LoanEvent>,
  types: ReadonlyArray<LoanEvent["type"]>,
): ReadonlyArray<number> =>
  types.flatMap((type) => {
    const heard = said.filter((event) => event.type === type).map(({ at }) => at)
    return heard.length === 0 ? [] : [heard.toSorted((a, b) => a - b)[0] ?? 0]
  })

interface Ruled {
  readonly at: number
  readonly decision: "approved" | "rejected" | "pending"
  readonly by: string | null
  readonly reason: string | null
  readonly offer: Offer | null
}

/** The last ruling. Operators rule, and the bank's answer to a poll counts as a ruling too. */
function lastRuling(said: ReadonlyArray<LoanEvent>): Ruled | undefined {
  const rulings = said.flatMap((event): ReadonlyArray<Ruled> => {
    const bank = { at: event.at, by: null, reason: null }
    if (event.type === "decision.approved" && event.fresh === true) {
      return [{ ...bank, decision: "approved", offer: event.offer ?? null }]
    }
    if (event.type === "decision.rejected" && event.fresh === true) {
      return [{ ...bank, decision: "rejected", offer: null }]
    }
    if (event.type === "decision.pending" && event.fresh === true) {
      return [{ ...bank, decision: "pending", offer: null }]
    }
    if (event.type !== "dispute.ruled") return []
    return [{ at: event.at, decision: event.decision, by: event.by, reason: event.reason, offer: null }]
  })
  return lastBy(rulings, (ruling) => canonicalJson({ ...ruling }))
}

/** The offer from the last quote, unless a new offer was first reported after it. */
function offerOf(said: ReadonlyArray<LoanEvent>): Offer | null {
  const offers = said.flatMap((event) =>
    event.type === "decision.approved" && event.offer !== undefined
      ? [{ at: event.at, content: event.offer }]
      : [],
  )
  const newest = newestFirstHeard(offers)
  const ruled = lastRuling(said)
  const asked = ruled?.offer ?? null
  if (asked === null || ruled === undefined) return newest?.content ?? null
  return newest !== undefined && newest.at > ruled.at ? newest.content : asked
}

function methodOf(said: ReadonlyArray<LoanEvent>): string | null {
  const methods = said.flatMap((event) =>
    event.type === "agreement.signed" && event.method !== undefined
      ? [{ at: event.at, content: event.method }]
      : [],
  )
  return newestFirstHeard(methods)?.content ?? null
}

/** Each content may occur several times. The result is the content whose first occurrence is the latest. */
function newestFirstHeard<T extends Offer | string>(
  heard: ReadonlyArray<{ readonly at: number; readonly content: T }>,
): { readonly at: number; readonly content: T } | undefined {
  const text = (content: T): string => canonicalJson(content)
  const firsts = heard.filter(
    (one) => !heard.some((other) => text(other.content) === text(one.content) && other.at < one.at),
  )
  return lastBy(firsts, ({ content }) => text(content))
}

const latestAt = (events: ReadonlyArray<LoanEvent>): number => Math.max(-1, ...events.map(({ at }) => at))

/** The last item by time. Of several at the same time, the one with the greatest text. */
const lastBy = <T extends { readonly at: number }>(
  all: ReadonlyArray<T>,
  text: (one: T) => string,
): T | undefined => all.toSorted((a, b) => a.at - b.at || (text(a) < text(b) ? -1 : 1)).at(-1)
