import type { Stage } from "@loan-engine/domain/legal-transitions"
import { canonicalJson } from "@loan-engine/domain/canonical-json"
import type { Facts } from "@loan-engine/domain/facts"
import {
  currentOffer,
  isAdditionOutstanding,
  requiredDocuments,
  signedOffer,
} from "@loan-engine/domain/standing"
import type { Offer } from "@loan-engine/domain/offer"
import type { Finding, Inspected } from "./inspected.ts"

/** The stages at which outstanding documents still matter. */
const openStages: ReadonlySet<Stage> = new Set<Stage>([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
])

/** The stages at which the customer can still sign the offer. */
const offered: ReadonlySet<Stage> = new Set<Stage>(["approved", "waitingForAddition"])

/** P5: after the faults have ended and the polls have run, the engine's state of every loan equals the bank's. */
export function checkAgreement({ loans, truth, isEverythingTold }: Inspected): Finding {
  const known = new Map<string, Inspected["loans"][number]>(
    loans.map((inspected) => [inspected.stored.loan.applicationReference, inspected]),
  )
  const violations = truth.flatMap((book) => {
    const { applicationReference, account, stage, additionOutstanding, offer } = book
    const loan = known.get(applicationReference)?.stored.loan
    if (loan === undefined) return [`${applicationReference}: the bank has it, the engine does not`]
    const outstanding = isAdditionOutstanding(loan.facts)
    return [
      ...(loan.stage === stage ? [] : [`stage ${stage} at the bank, ${loan.stage} here`]),
      ...(loan.account === account ? [] : [`account ${account} at the bank, ${loan.account} here`]),
      ...(loan.registered ? [] : ["not registered, though its submission was"]),
      ...(!openStages.has(stage) || outstanding === additionOutstanding
        ? []
        : [`addition outstanding ${additionOutstanding} at the bank, ${outstanding} here`]),
      ...(!offered.has(stage) || canonicalJson(currentOffer(loan.facts)) === canonicalJson(offer)
        ? []
        : ["the offer that stands is not the bank's"]),
      ...(isEverythingTold ? untold(loan.facts, book) : []),
    ].map((what) => `${applicationReference}: ${what}`)
  })
  return { checked: truth.length, violations }
}

/**
 * Compares what only callbacks report: the requested documents, and the offer at the time of the signature.
 *
 * The receipt of documents is only in answers to polls. If the bank asks for other documents before the next poll,
 * the engine cannot learn that the first ones were received. If the bank returns to a former offer, an answer must
 * confirm that offer, and the customer may sign before.
 */
function untold(
  facts: Facts,
  { stage, documents, signedOffer: signed }: Inspected["truth"][number],
): ReadonlyArray<string> {
  const known = requiredDocuments(facts)
  const isLacking = openStages.has(stage) && documents.some((document) => !known.includes(document))
  const heardAt = (offer: Offer | null): number =>
    facts.offers.find((heard) => canonicalJson(heard.offer) === canonicalJson(offer))?.at ?? Infinity
  const here = signedOffer(facts)
  const isFormer = heardAt(signed) < heardAt(here) && heardAt(here) <= (facts.signedAt ?? -Infinity)
  const isSame = isFormer || canonicalJson(here) === canonicalJson(signed)
  return [
    ...(isLacking ? [`documents ${documents.join()} at the bank, ${known.join()} here`] : []),
    ...(isSame ? [] : ["the offer that was signed is not the bank's"]),
  ]
}
