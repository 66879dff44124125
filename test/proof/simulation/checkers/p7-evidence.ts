import { noFacts } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import type { Word } from "../witness.ts"
import type { Finding, Inspected } from "./inspected.ts"

/** P7: every fact of every loan is a true report of the bank at that instant, or a ruling of the operator. */
export function checkEvidence({ loans, witness }: Inspected): Finding {
  const violations: Array<string> = []
  let checked = 0
  for (const { stored } of loans) {
    const { applicationReference, facts } = stored.loan
    for (const word of wordsOf(facts)) {
      checked++
      if (witness.wasSaid(applicationReference, word)) continue
      const content = word.content === undefined ? "" : ` ${JSON.stringify(word.content)}`
      violations.push(
        `${applicationReference}: nobody said ${word.type}${content} as of ${new Date(word.at).toISOString()}`,
      )
    }
  }
  return { checked, violations }
}

/** The facts as reports. The merchant's facts count too, because the bank reported them to the merchant. */
const wordsOf = ({ merchant, ...bank }: Facts): ReadonlyArray<Word> => [
  ...wordsIn(bank),
  ...(merchant === undefined ? [] : wordsIn({ ...noFacts, ...merchant })),
]

function wordsIn(facts: Facts): ReadonlyArray<Word> {
  const heard = (type: string, at: number | null): ReadonlyArray<Word> => (at === null ? [] : [{ type, at }])
  const { documentsAdded = [], ruling } = facts
  return [
    ...heard("decision.pending", facts.pendingAt),
    ...heard("decision.approved", facts.approvedAt),
    ...heard("decision.rejected", facts.rejectedAt),
    ...heard("agreement.signed", facts.signedAt),
    ...heard("loan.paidOut", facts.paidOutAt),
    ...heard("addition.requested", facts.additionRequestedAt),
    ...heard("addition.cleared", facts.additionClearedAt),
    ...documentsAdded.map(({ at, type }) => ({ type: "document", at, content: type })),
    ...facts.methods.map(({ at, method }) => ({ type: "signing.method", at, content: method })),
    ...facts.offers.map(({ at, offer }) => ({ type: "offer", at, content: { ...offer } })),
    ...(ruling === null ? [] : [rulingWord(ruling)]),
  ]
}

const rulingWord = ({ at, decision, by, offer }: NonNullable<Facts["ruling"]>): Word => ({
  type: "ruling",
  at,
  content: { decision, by, offer },
})
