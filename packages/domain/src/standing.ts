import type { Facts, MerchantFacts, Ruling } from "./facts.ts"
import type { Instant } from "./instant.ts"
import type { Offer } from "./offer.ts"

/**
 * What the facts say about the decision. `contradicted`: the bank has said both yes and no, and nothing newer settles it.
 * A signature or a pay-out is as good as an approval. While the bank itself has said nothing, what the merchant handed over stands.
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
 * Whether the bank's own answers contradict each other: its status says that the loan is paid out, its quote that it is not
 * approved, and not from before the pay-out: then the bank had only not decided yet. Money that has left is overruled by no decision of
 * the bank's, however new: a person rules, or the bank's answers agree.
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
 * Whether the bank must confirm what stands: a word of no certain time speaks against it, and the bank has not been asked since. Its
 * answer settles it, unless its own answers contradict each other.
 */
export function isInDoubt(facts: Facts): boolean {
  const stands = standing(facts)
  if (stands === "contradicted") return !isPayOutDenied(facts)
  if (stands !== "approved" && stands !== "rejected") return false
  const { pendingAt, approvedAt, rejectedAt, signedAt, paidOutAt, ruling } = facts
  const said = [approvedAt, rejectedAt, signedAt, paidOutAt, ruling?.at ?? null]
  return pendingAt !== null && said.every((at) => at === null || at < pendingAt) && said.some(isHeard)
}

/** A verdict stands until what opposes it is first heard later; an inspection, until any verdict is. */
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

/** Whether the bank, or an operator in its place, has said anything of the decision: then the merchant's word counts no more. */
export const hasBankSpoken = ({
  pendingAt,
  approvedAt,
  rejectedAt,
  signedAt,
  paidOutAt,
  ruling,
}: Facts): boolean =>
  ruling !== null || [pendingAt, approvedAt, rejectedAt, signedAt, paidOutAt].some(isHeard)

/** Whether nothing was said yet that we trust. */
export const isSilent = (facts: Facts): boolean =>
  standing(facts) === "undecided" && facts.additionRequestedAt === null && facts.additionClearedAt === null

/** Whether nobody whom we trust ever spoke of a loan: anybody may have made its reference up. */
export const isUnspokenOf = ({
  registered,
  facts,
}: {
  readonly registered: boolean
  readonly facts: Facts
}): boolean => !registered && isSilent(facts)

/** All that the machine's guards read of the facts, as one short text: facts in the same situation walk alike. */
export function situation(facts: Facts): string {
  const end = isPaidOut(facts) ? "paidOut" : isSigned(facts) ? "signed" : "unsigned"
  return `${standing(facts)} ${end} ${isAdditionOutstanding(facts) ? "outstanding" : "settled"}`
}

const isHeard = (at: Heard): boolean => at !== null

export const isPaidOut = (facts: Facts): boolean => facts.paidOutAt !== null

/** A pay-out implies the signature. */
export const isSigned = (facts: Facts): boolean => facts.signedAt !== null || isPaidOut(facts)

/** Whether the bank still waits for documents. A request as old as the latest clearing is still open. */
export function isAdditionOutstanding(facts: Facts): boolean {
  if (facts.additionRequestedAt === null) return false
  return facts.additionClearedAt === null || facts.additionRequestedAt >= facts.additionClearedAt
}

/**
 * The documents the open request asks for; none if no request is open, or if they were asked for before the latest
 * clearing: a poll can tell that the bank waits, but not for what.
 */
export function requiredDocuments(facts: Facts): ReadonlyArray<string> {
  if (!isAdditionOutstanding(facts) || facts.documents === null) return []
  const stale = facts.additionClearedAt !== null && facts.documents.at < facts.additionClearedAt
  return stale ? [] : facts.documents.types
}

/**
 * The offer that stands: what the bank last said when asked, unless an offer was first heard after that. Until the bank has
 * named any or was asked for it, the one that the merchant handed over.
 */
export function currentOffer(facts: Facts): Offer | null {
  if (standing(facts) !== "approved") return null
  const newest = facts.offers.at(-1)
  if (newest === undefined && facts.ruling === null) return newestOffer(facts.merchant)
  const asked = facts.ruling?.offer ?? null
  if (newest === undefined) return asked
  if (asked === null || facts.ruling === null) return newest.offer
  return newest.at > facts.ruling.at ? newest.offer : asked
}

/** Whether the bank has named no offer yet, and was not asked for one since it decided. */
export const isOfferUnheard = ({ offers, ruling }: Facts): boolean =>
  offers.length === 0 && (ruling === null || ruling.decision === "pending")

const newestOffer = (merchant: MerchantFacts | undefined): Offer | null =>
  merchant?.offers.at(-1)?.offer ?? null

/** The signing method of an approved loan, as last first heard; a callback does not name it, a poll does. */
export function signingMethod(facts: Facts): string | null {
  return facts.methods.at(-1)?.method ?? null
}
