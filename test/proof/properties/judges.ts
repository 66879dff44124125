import { canonicalJson } from "@loan-engine/domain/canonical-json"
import { noFacts } from "@loan-engine/domain/facts"
import type { Facts } from "@loan-engine/domain/facts"
import { isLegal } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import type { Decision, Loan } from "@loan-engine/domain/loan"
import type { Disposition } from "@loan-engine/domain/observation"
import type { Breach, Judge } from "./law.ts"

/**
 * P1: each step begins where the one before ended, each is in the table, and the loan's stage is the end of the last.
 */
export const judgeLegal: Judge = (before, _observation, { loan, steps }) => {
  const breaches: Array<Breach> = []
  let at = before.stage
  for (const { from, to } of steps) {
    if (from !== at)
      breaches.push({ property: "P1", what: `a step begins at ${from}, but the loan was at ${at}` })
    if (!isLegal(from, to)) breaches.push({ property: "P1", what: `the step ${from} -> ${to} is illegal` })
    at = to
  }
  if (loan.stage !== at)
    breaches.push({ property: "P1", what: `the steps end at ${at}, the loan at ${loan.stage}` })
  return breaches
}

/**
 * P3: one version more, the right disposition, and no instant of an event that the facts do not contain or replace.
 */
export const judgeTotal: Judge = (before, observation, decision) => {
  const breaches: Array<Breach> = []
  const { loan, disposition } = decision
  const expected = dispositionOf(before, decision)
  if (disposition !== expected)
    breaches.push({ property: "P3", what: `the disposition is ${disposition}, not ${expected}` })
  if (loan.version !== before.version + 1)
    breaches.push({ property: "P3", what: "the version did not move on by one" })
  if (decision.hold !== null) return breaches
  const facts = observation.evidence === "merchant" ? { ...noFacts, ...loan.facts.merchant } : loan.facts
  const dropped = observation.events.find((event) => !accountsFor(facts, event.type, event.at))
  if (dropped !== undefined)
    breaches.push({ property: "P3", what: `the ${dropped.type} at ${dropped.at} was dropped` })
  return breaches
}

function dispositionOf(before: Loan, { hold, steps, loan }: Decision): Disposition {
  if (hold !== null) return "held"
  if (steps.length > 0) return loan.stage === "disputed" ? "disputed" : "advanced"
  return sameFacts(before.facts, loan.facts) && before.registered === loan.registered ? "repeated" : "noted"
}

const sameFacts = (a: Facts, b: Facts): boolean => a === b || canonicalJson(a) === canonicalJson(b)

/** Whether the facts contain such an event at that time, or another event that replaces it. */
function accountsFor(facts: Facts, type: string, at: number): boolean {
  const first = (known: number | null): boolean => known !== null && known <= at
  const last = (known: number | null): boolean => known !== null && known >= at
  switch (type) {
    case "decision.pending":
      return first(facts.pendingAt)
    case "decision.approved":
      return first(facts.approvedAt)
    case "decision.rejected":
      return first(facts.rejectedAt)
    case "agreement.signed":
      return first(facts.signedAt)
    case "loan.paidOut":
      return first(facts.paidOutAt)
    case "addition.requested":
      return last(facts.additionRequestedAt)
    case "addition.cleared":
      return last(facts.additionClearedAt)
    case "dispute.ruled":
      return last(facts.ruling?.at ?? null)
    case "loan.closed":
    case "loan.reopened":
      return last(facts.closure?.at ?? null)
    default:
      return false
  }
}

const milestones = ["pendingAt", "approvedAt", "rejectedAt", "signedAt", "paidOutAt"] as const

/**
 * How far the loan has come on the way to a pay-out. The two stages between which it can alternate have the same
 * number.
 */
const progress: { readonly [S in Stage]: number } = {
  submitted: 0,
  manualInspection: 1,
  approved: 2,
  waitingForAddition: 2,
  signed: 3,
  paidOut: 4,
  rejected: 4,
  disputed: 9,
}

/** P4: a recorded milestone stays recorded, and a step leads back only through a dispute. */
export const judgeMonotone: Judge = (before, _observation, { loan, steps }) => {
  const breaches: Array<Breach> = []
  const lost = milestones.find((name) => !keeps(before.facts[name], loan.facts[name]))
  if (lost !== undefined) breaches.push({ property: "P4", what: `${lost} un-happened` })
  const back = steps.find(({ from, to }) => from !== "disputed" && progress[to] < progress[from])
  if (back !== undefined)
    breaches.push({ property: "P4", what: `${back.from} -> ${back.to} leads back without a dispute` })
  return breaches
}

const keeps = (before: number | null, after: number | null): boolean =>
  before === null || (after !== null && after <= before)

/** P7: a held observation changes only the number of observations. */
export const judgeEvidence: Judge = (before, observation, { loan, hold, steps }) => {
  const trusted = observation.hold === undefined && observation.evidence !== "none"
  if (trusted) return []
  const unchanged =
    hold !== null &&
    steps.length === 0 &&
    canonicalJson({ ...before, version: 0 }) === canonicalJson({ ...loan, version: 0 })
  return unchanged ? [] : [{ property: "P7", what: "something untrusted changed the loan" }]
}

/** Every judge of a single decision. */
export const judges: ReadonlyArray<Judge> = [judgeLegal, judgeTotal, judgeMonotone, judgeEvidence]
