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

/** Stages at which an addition that the bank waits for still matters to anybody. */
const openStages: ReadonlySet<Stage> = new Set<Stage>([
  "submitted",
  "manualInspection",
  "approved",
  "waitingForAddition",
])

/** Stages at which the customer may still sign for what is offered. */
const offered: ReadonlySet<Stage> = new Set<Stage>(["approved", "waitingForAddition"])

/** P5: once the faults are over and the polls have had their time, the engine says of every loan what the bank says. */
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
 * What callbacks tell: which documents the bank waits for, and which offer stood when the customer signed. That documents
 * were received is in answers only: if the bank asks for others before the next poll, nobody hears that the first were
 * cleared. If a former offer stands again, an answer must confirm it, and the customer may sign sooner.
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
