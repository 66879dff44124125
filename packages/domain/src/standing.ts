import { canonicalJson } from "./canonical-json.ts"
import type { Facts, Ruling } from "./facts.ts"
import type { Instant } from "./instant.ts"
import type { Stage } from "./legal-transitions.ts"
import type { Offer } from "./offer.ts"
import { documentTypesMax } from "./offer.ts"

/**
 * The verdict that counts now, according to the facts. `contradicted`: the bank has reported both an approval and a
 * rejection, and nothing newer settles the contradiction. A signature or a pay-out counts as an approval. Until the
 * bank reports a decision, the merchant's registration counts.
 */
export type Standing = "undecided" | "pending" | "approved" | "rejected" | "contradicted"

export function standing(facts: Facts): Standing {
  if (facts.merchant !== undefined && !hasBankSpoken(facts)) {
    const { pendingAt, approvedAt, rejectedAt } = facts.merchant
    return unruled(pendingAt, [approvedAt], [rejectedAt])
  }
  const yes = [facts.approvedAt, facts.signedAt, facts.paidOutAt]
  const no = [facts.rejectedAt]
  if (isPayOutDenied(facts)) return "contradicted"
  return facts.ruling === null ? unruled(facts.pendingAt, yes, no) : ruled(facts.ruling, yes, no)
}

/**
 * Whether the bank's own answers contradict each other: its status says that the loan is paid out, but its quote says
 * that the loan is not approved. A quote that was asked before the pay-out does not count, because the bank may not
 * have decided yet. No decision of the bank overrules a pay-out, however new it is. The dispute ends when a person
 * rules, or when the bank's answers agree.
 */
export const isPayOutDenied = ({
  paidOutAt,
  paidOutConfirmedAt,
  payOutOverruledAt,
  ruling,
}: Facts): boolean =>
  paidOutConfirmedAt !== undefined &&
  payOutOverruledAt === undefined &&
  ruling !== null &&
  ruling.by === null &&
  ruling.decision !== "approved" &&
  ruling.at >= (paidOutAt ?? paidOutConfirmedAt)

/**
 * Whether the engine must ask the bank to confirm its decision. That is so in two cases:
 *
 * - The bank's statements contradict each other. If even its own answers do ({@link isPayOutDenied}), a person must
 *   rule instead.
 * - A loan is approved or rejected, and a later message says that the bank is still inspecting it.
 */
export function isInDoubt(facts: Facts): boolean {
  const stands = standing(facts)
  if (stands === "contradicted") return !isPayOutDenied(facts)
  if (stands !== "approved" && stands !== "rejected") return false
  const { pendingAt, approvedAt, rejectedAt, signedAt, paidOutAt, ruling } = facts
  const said = [approvedAt, rejectedAt, signedAt, paidOutAt, ruling?.at ?? null]
  return pendingAt !== null && said.every((at) => at === null || at < pendingAt) && said.some(isHeard)
}

/**
 * A ruling counts until the opposite verdict is first received later. A ruling `pending` counts until any verdict is
 * received later.
 */
function ruled({ at, decision }: Ruling, yes: ReadonlyArray<Heard>, no: ReadonlyArray<Heard>): Standing {
  const newer = (heard: ReadonlyArray<Heard>) => heard.filter((each) => each !== null && each > at)
  if (decision === "pending") return unruled(at, newer(yes), newer(no))
  return newer(decision === "approved" ? no : yes).length > 0 ? "contradicted" : decision
}

type Heard = Instant | null

function unruled(pendingAt: Heard, yes: ReadonlyArray<Heard>, no: ReadonlyArray<Heard>): Standing {
  const approved = yes.some(isHeard)
  if (approved && no.some(isHeard)) return "contradicted"
  if (approved) return "approved"
  if (no.some(isHeard)) return "rejected"
  return pendingAt === null ? "undecided" : "pending"
}

/**
 * Whether the bank, or an operator in its place, has reported a decision. If so, the merchant's
 * registration no longer counts.
 */
export const hasBankSpoken = ({
  pendingAt,
  approvedAt,
  rejectedAt,
  signedAt,
  paidOutAt,
  ruling,
}: Facts): boolean =>
  ruling !== null || [pendingAt, approvedAt, rejectedAt, signedAt, paidOutAt].some(isHeard)

/** Whether the facts contain neither a decision nor a request for documents. */
export const isSilent = (facts: Facts): boolean =>
  standing(facts) === "undecided" && facts.additionRequestedAt === null && facts.additionClearedAt === null

/** Whether no trusted source has reported anything about the loan. Then its reference may be invented. */
export const isUnspokenOf = ({
  registered,
  facts,
}: {
  readonly registered: boolean
  readonly facts: Facts
}): boolean => !registered && isSilent(facts)

/**
 * Everything that the machine's guards read from the facts, as one short text. From the same stage, facts with the
 * same text walk the same way.
 */
export function situation(facts: Facts): string {
  const end = isPaidOut(facts) ? "paidOut" : isSigned(facts) ? "signed" : "unsigned"
  return `${standing(facts)} ${end} ${isAdditionOutstanding(facts) ? "outstanding" : "settled"}`
}

const isHeard = (at: Heard): boolean => at !== null

export const isPaidOut = (facts: Facts): boolean => facts.paidOutAt !== null

/** A pay-out implies the signature. */
export const isSigned = (facts: Facts): boolean => facts.signedAt !== null || isPaidOut(facts)

/**
 * Whether the bank still waits for documents. If the request and the latest clearing have the same time, the request
 * is still open.
 */
export function isAdditionOutstanding(
  facts: Pick<Facts, "additionRequestedAt" | "additionClearedAt">,
): boolean {
  if (facts.additionRequestedAt === null) return false
  return facts.additionClearedAt === null || facts.additionRequestedAt >= facts.additionClearedAt
}

/**
 * Whether documents are still missing: the bank waits for them, and the loan can still go on. A loan that is
 * rejected, paid out or closed needs no documents.
 */
export const isAwaitingDocuments = ({
  stage,
  facts,
}: {
  readonly stage: Stage
  readonly facts: Facts
}): boolean => stage !== "rejected" && stage !== "paidOut" && !isClosed(facts) && isAdditionOutstanding(facts)

/**
 * All documents of the open requests. The list is empty if no request is open. It is also empty if all documents were
 * named before the latest clearing, because a poll does not name them.
 */
export function requiredDocuments(facts: Facts): ReadonlyArray<string> {
  if (!isAdditionOutstanding(facts)) return []
  const { documents, documentsAdded = [], additionClearedAt } = facts
  const isOpen = ({ at }: { readonly at: Instant }) => additionClearedAt === null || at >= additionClearedAt
  const last = documents !== null && isOpen(documents) ? documents.types : []
  const all = new Set([...last, ...documentsAdded.filter(isOpen).map(({ type }) => type)])
  return [...all].slice(0, documentTypesMax)
}

/**
 * The current offer. It is the offer in the bank's latest answer to a quote, unless another offer was first received
 * after that. The merchant's offer counts until the bank has named an offer or answered a quote.
 */
export const currentOffer = (facts: Facts): Offer | null =>
  standing(facts) === "approved" ? (lastOffer(facts)?.offer ?? null) : null

/** The latest offer, for any verdict, and since when it is current. */
export function lastOffer(facts: Facts): { readonly offer: Offer; readonly since: Instant } | null {
  const newest = (
    facts.offers.length === 0 && facts.ruling === null ? facts.merchant?.offers : facts.offers
  )?.at(-1)
  const asked = offerOf(facts.ruling)
  if (asked !== undefined && (newest === undefined || newest.at <= asked.since)) return asked
  return newest === undefined ? null : { offer: newest.offer, since: newest.at }
}

/** The offer in the bank's latest answer to a quote, and since when it is current. */
const offerOf = (ruling: Facts["ruling"]) =>
  ruling === null || ruling.offer === null ? undefined : { offer: ruling.offer, since: ruling.at }

/** Every offer that was received from the bank. If the bank has named none, the merchant's offers. */
const allOffersHeard = ({ offers, merchant }: Facts): Facts["offers"] =>
  offers.length === 0 ? (merchant?.offers ?? []) : offers

/** How many offers of a loan are shown. The newest are shown. */
export const offersShownMax = 10

/**
 * The offers that are shown, with the newest last. `at` is when each was first received. They are the merchant's
 * until the bank has named one.
 */
export const offersHeard = (facts: Facts): Facts["offers"] => allOffersHeard(facts).slice(-offersShownMax)

/**
 * The offer that the customer has signed. A later offer does not change it. The first of these that exists is taken:
 *
 * 1. The offer that was current at the signature, or a newer one received before the signature.
 * 2. Of the offers received before the signature: the one that the bank has named since in answer to a quote, or else
 *   the newest.
 * 3. The first offer that was received at all.
 */
export function signedOffer(facts: Facts): Offer | null {
  if (!isSigned(facts)) return null
  // A pay-out implies a signature, so the signature is not later than the pay-out.
  const signedAt = Math.min(facts.signedAt ?? Infinity, facts.paidOutAt ?? Infinity)
  const heardOf = allOffersHeard(facts)
  const known = heardOf.filter(({ at }) => at <= signedAt)
  const newest = known.at(-1)
  const asked = offerOf(facts.ruling)
  const stood = facts.signedOn ?? (asked !== undefined && asked.since <= signedAt ? asked : undefined)
  if (stood !== undefined) return newest !== undefined && newest.at > stood.since ? newest.offer : stood.offer
  const text = asked === undefined ? undefined : canonicalJson(asked.offer)
  const told = known.find(({ offer }) => canonicalJson(offer) === text)
  return (told ?? newest ?? heardOf[0] ?? asked)?.offer ?? null
}

/**
 * Whether no offer of the bank is known: no message named one, and the bank has answered no quote since its decision.
 */
export const isOfferUnheard = ({ offers, ruling }: Facts): boolean =>
  offers.length === 0 && (ruling === null || ruling.decision === "pending")

/** The signing method that was received last. Only a poll names the method. */
export function signingMethod(facts: Facts): string | null {
  return facts.methods.at(-1)?.method ?? null
}

/** Whether the loan is closed. A closing does not change the stage: the stage still shows the bank's decision. */
export const isClosed = ({ closure }: Pick<Facts, "closure">): boolean =>
  closure !== undefined && closure.reason !== null

/**
 * Whether the bank has made progress with a closed loan: a new approval, signature or pay-out, a new offer, or a new
 * request for documents. A repeat is no progress.
 */
export function goesFurther(before: Facts, after: Facts): boolean {
  const isApproved = standing(after) === "approved" && standing(before) !== "approved"
  const isSignedNow = isSigned(after) && !isSigned(before)
  const isPaidOutNow = isPaidOut(after) && !isPaidOut(before)
  const known = [...before.offers, ...(before.merchant?.offers ?? [])].map(({ offer }) => offer)
  const isOffered =
    known.length > 0 && after.offers.some(({ offer }) => !known.some((each) => isMoreOf(each, offer)))
  const knownDocuments = requiredDocuments(before)
  const isAsked =
    (isAdditionOutstanding(after) && !isAdditionOutstanding(before)) ||
    requiredDocuments(after).some((type) => !knownDocuments.includes(type))
  const isNewlyApproved = isApproved && before.closure?.approved !== true
  const isOnItsWay = standing(after) !== "rejected"
  return isNewlyApproved || isSignedNow || isPaidOutNow || isOffered || (isAsked && isOnItsWay)
}

/**
 * Whether the offer contains everything that the known offer contains. The merchant's registration may have contained
 * only a part of the bank's offer.
 */
const isMoreOf = (known: Offer, offer: Offer): boolean =>
  canonicalJson({ ...offer, ...known }) === canonicalJson(offer)

/** The time of the latest statement about the loan that the facts contain. 0 if there is none. */
export function lastWordAt(facts: Facts): Instant {
  let last = 0
  for (const at of [
    facts.pendingAt,
    facts.approvedAt,
    facts.rejectedAt,
    facts.signedAt,
    facts.paidOutAt,
    facts.additionRequestedAt,
    facts.additionClearedAt,
    facts.paidOutConfirmedAt,
    facts.payOutOverruledAt,
    facts.documents?.at,
    facts.ruling?.at,
    facts.closure?.at,
    // The offers are sorted by time.
    facts.offers.at(-1)?.at,
    facts.methods.at(-1)?.at,
    facts.documentsAdded?.at(-1)?.at,
    facts.merchant?.pendingAt,
    facts.merchant?.approvedAt,
    facts.merchant?.rejectedAt,
    facts.merchant?.offers.at(-1)?.at,
  ])
    if (at !== null && at !== undefined && at > last) last = at
  return last
}
