import { canonicalJson } from "./canonical-json.ts"
import type { Facts, Ruling } from "./facts.ts"
import type { Instant } from "./instant.ts"
import type { Stage } from "./legal-transitions.ts"
import type { Offer } from "./offer.ts"
import { documentTypesMax } from "./offer.ts"

/**
 * What the facts say about the decision. `contradicted`: the bank has said both yes and no, and nothing newer settles
 * it. A signature or a pay-out counts as an approval. Until the bank has spoken, what the merchant registered stands.
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
 * Whether the bank's own answers contradict each other: its status says that the loan is paid out, and its quote says
 * that it is not approved. A quote from before the pay-out does not count: the bank had only not decided yet. No
 * decision of the bank, however new, overrules a pay-out. Either a person rules, or the bank's answers agree.
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
 * Whether the bank must confirm what stands: a word without a certain time contradicts it, and the bank has not been
 * asked since. The bank's answer settles it, unless its own answers contradict each other.
 */
export function isInDoubt(facts: Facts): boolean {
  const stands = standing(facts)
  if (stands === "contradicted") return !isPayOutDenied(facts)
  if (stands !== "approved" && stands !== "rejected") return false
  const { pendingAt, approvedAt, rejectedAt, signedAt, paidOutAt, ruling } = facts
  const said = [approvedAt, rejectedAt, signedAt, paidOutAt, ruling?.at ?? null]
  return pendingAt !== null && said.every((at) => at === null || at < pendingAt) && said.some(isHeard)
}

/** A verdict stands until an opposite one is first heard later. An inspection stands until any verdict is. */
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
 * Whether the bank, or an operator in its place, has said anything about the decision. After that, the merchant's word
 * no longer counts.
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

/** Whether nothing trusted was said yet. */
export const isSilent = (facts: Facts): boolean =>
  standing(facts) === "undecided" && facts.additionRequestedAt === null && facts.additionClearedAt === null

/** Whether nobody trusted ever spoke about the loan. Anybody may have invented its reference. */
export const isUnspokenOf = ({
  registered,
  facts,
}: {
  readonly registered: boolean
  readonly facts: Facts
}): boolean => !registered && isSilent(facts)

/**
 * Everything that the machine's guards read of the facts, as one short text. Facts in the same situation walk the same
 * way.
 */
export function situation(facts: Facts): string {
  const end = isPaidOut(facts) ? "paidOut" : isSigned(facts) ? "signed" : "unsigned"
  return `${standing(facts)} ${end} ${isAdditionOutstanding(facts) ? "outstanding" : "settled"}`
}

const isHeard = (at: Heard): boolean => at !== null

export const isPaidOut = (facts: Facts): boolean => facts.paidOutAt !== null

/** A pay-out implies the signature. */
export const isSigned = (facts: Facts): boolean => facts.signedAt !== null || isPaidOut(facts)

/** Whether the bank still waits for documents. A request with the same time as the latest clearing is still open. */
export function isAdditionOutstanding(
  facts: Pick<Facts, "additionRequestedAt" | "additionClearedAt">,
): boolean {
  if (facts.additionRequestedAt === null) return false
  return facts.additionClearedAt === null || facts.additionRequestedAt >= facts.additionClearedAt
}

/**
 * Whether documents are still missing: the bank waits for them, and the loan is on its way. Nothing is outstanding for
 * a loan that is rejected, paid out or closed.
 */
export const isAwaitingDocuments = ({
  stage,
  facts,
}: {
  readonly stage: Stage
  readonly facts: Facts
}): boolean => stage !== "rejected" && stage !== "paidOut" && !isClosed(facts) && isAdditionOutstanding(facts)

/**
 * All documents of the open requests. Empty if no request is open, or if the documents were named before the latest
 * clearing: a poll says that the bank waits, but not for what.
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
 * The offer that stands: the one that the bank named when last asked, unless another offer was first heard after that.
 * Until the bank has named an offer or was asked for one, the merchant's offer stands.
 */
export const currentOffer = (facts: Facts): Offer | null =>
  standing(facts) === "approved" ? (lastOffer(facts)?.offer ?? null) : null

/** The last standing offer, in any decision, and since when it stands. */
export function lastOffer(facts: Facts): { readonly offer: Offer; readonly since: Instant } | null {
  const newest = (
    facts.offers.length === 0 && facts.ruling === null ? facts.merchant?.offers : facts.offers
  )?.at(-1)
  const asked = offerOf(facts.ruling)
  if (asked !== undefined && (newest === undefined || newest.at <= asked.since)) return asked
  return newest === undefined ? null : { offer: newest.offer, since: newest.at }
}

/** The offer that the bank named when last asked, and since when it stands. */
const offerOf = (ruling: Facts["ruling"]) =>
  ruling === null || ruling.offer === null ? undefined : { offer: ruling.offer, since: ruling.at }

/** Every offer that was heard: the bank's, or the merchant's until the bank has named one. */
const allOffersHeard = ({ offers, merchant }: Facts): Facts["offers"] =>
  offers.length === 0 ? (merchant?.offers ?? []) : offers

/** How many offers of a loan are shown: the newest ones. */
export const offersShownMax = 10

/**
 * The offers that were heard, each with its first hearing, with the newest last. They are the merchant's until the bank
 * has named one.
 */
export const offersHeard = (facts: Facts): Facts["offers"] => allOffersHeard(facts).slice(-offersShownMax)

/**
 * The offer that the customer has signed: the one that stood when the signature was first heard. If none stood, it is
 * the newest one heard by then, or the one of those that the bank has named since. If none was heard by then, it is the
 * first that was heard at all. A later offer changes nothing.
 */
export function signedOffer(facts: Facts): Offer | null {
  if (!isSigned(facts)) return null
  // At the latest, the time of the pay-out, in either order of arrival.
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

/** Whether the bank has named no offer yet, and was not asked for one since its decision. */
export const isOfferUnheard = ({ offers, ruling }: Facts): boolean =>
  offers.length === 0 && (ruling === null || ruling.decision === "pending")

/** The signing method of an approved loan: the one that was first heard last. A poll names it, a callback does not. */
export function signingMethod(facts: Facts): string | null {
  return facts.methods.at(-1)?.method ?? null
}

/**
 * Whether somebody has closed the loan and nobody has opened it again. This is no verdict: the stage still is what the
 * bank says.
 */
export const isClosed = ({ closure }: Pick<Facts, "closure">): boolean =>
  closure !== undefined && closure.reason !== null

/**
 * Whether the bank has gone further with a closed loan: a new approval, signature or pay-out, a new offer, or a new
 * request for documents. A repeat of what was known does not count.
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

/** Whether an offer contains everything in the known one. The merchant's answer may have contained less. */
const isMoreOf = (known: Offer, offer: Offer): boolean =>
  canonicalJson({ ...offer, ...known }) === canonicalJson(offer)

/** When anything was last said about the loan, as far as the facts know. 0 if nothing was. */
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
    // These are sorted by time.
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
