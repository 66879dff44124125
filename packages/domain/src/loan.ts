import { Schema } from "effect"
import { canonicalJson } from "./canonical-json.ts"
import type { Teller } from "./facts.ts"
import { Facts, isDecision, isOfferTooMany, joinEvents, noFacts } from "./facts.ts"
import type { Stage } from "./legal-transitions.ts"
import { stages } from "./legal-transitions.ts"
import type { LoanEvent } from "./loan-event.ts"
import type { Disposition, HoldReason, Observation } from "./observation.ts"
import { AccountName, ApplicationReference, ExternalReference } from "./observation.ts"
import { isAdditionOutstanding, isClosed, isSilent } from "./standing.ts"
import type { Walk } from "./walk.ts"
import { remembering, walkMachine } from "./walk.ts"

/**
 * One loan application as the engine knows it: the fold of its observations. `registered` is false while only callbacks
 * have spoken (they can outrun the submission's own answer); `version` counts the observations its journal holds. The external
 * reference is the first that a registration named.
 */
export const Loan = Schema.Struct({
  applicationReference: ApplicationReference,
  account: AccountName,
  registered: Schema.Boolean,
  externalReference: Schema.optionalKey(ExternalReference),
  version: Schema.Natural,
  stage: Schema.Literals(stages),
  facts: Facts,
})
export type Loan = typeof Loan.Type

/** One step of the walk. `inferred`: nothing said so in words, but what was said implies it (a pay-out, the signature). */
export const Step = Schema.Struct({
  from: Schema.Literals(stages),
  to: Schema.Literals(stages),
  inferred: Schema.Boolean,
})
export type Step = typeof Step.Type

/** What an observation taught us for the first time; each is news that a callback of the bank's should have brought. */
export const News = Schema.Literals(["decision", "addition", "signature", "payOut"])
export type News = typeof News.Type

/** Whether an observation closed the loan, or opened it again: a person has said so, or the bank has gone further. */
export const ClosureChange = Schema.Literals(["closed", "reopened"])
export type ClosureChange = typeof ClosureChange.Type

/** What the domain decides on one observation: pure, from the loan and the observation alone. */
export interface Decision {
  readonly loan: Loan
  readonly disposition: Disposition
  readonly hold: HoldReason | null
  readonly steps: ReadonlyArray<Step>
  readonly news: ReadonlyArray<News>
  /** Absent where the loan was as open, or as closed, before. */
  readonly closure?: ClosureChange
}

/** A loan of which nothing is known yet: where every fold begins. */
export function openLoan(applicationReference: ApplicationReference, account: AccountName): Loan {
  return {
    applicationReference,
    account,
    registered: false,
    version: 0,
    stage: "submitted",
    facts: noFacts,
  }
}

/** The two beats of a decision: what was observed joins the facts, and the machine walks where they lead. */
export interface Lifecycle {
  readonly join: (facts: Facts, events: ReadonlyArray<LoanEvent>, teller: Teller) => Facts
  readonly walk: Walk
}

/** Decides what an observation means for its loan. */
export type Observe = (loan: Loan, observation: Observation) => Decision

/**
 * Decides what an observation means for its loan. Total: every observation gets exactly one disposition in every stage.
 * What is not trusted is `held` and changes no fact.
 *
 * @example observe(openLoan(reference, account), observation).disposition
 */
export const observe: Observe = observing({ join: joinEvents, walk: remembering(walkMachine) })

/** {@link observe} with a join and a walk of one's own, for whoever wants to check, or to break, the loan's. */
export function observing({ join, walk }: Lifecycle): Observe {
  return (loan, observation) => {
    const seen = { ...loan, version: loan.version + 1 }
    const hold = holdReason(loan, observation)
    if (hold !== null) return { loan: seen, disposition: "held", hold, steps: [], news: [] }
    const known = join(loan.facts, observation.levels ?? [], "bank")
    const facts = join(known, observation.events, tellerOf(observation))
    const steps = stepsThrough(loan.stage, walk(loan.stage, facts), facts)
    const next: Loan = {
      ...seen,
      ...named(loan, observation),
      account: observation.account,
      registered: loan.registered || observation.source === "submission",
      facts,
      stage: steps.at(-1)?.to ?? loan.stage,
    }
    return {
      loan: next,
      disposition: disposition({ ...loan, facts: known }, next, steps),
      hold: null,
      steps,
      news: news(loan, next),
      ...closureChange(loan.facts, next.facts),
    }
  }
}

function closureChange(before: Facts, after: Facts): Pick<Decision, "closure"> {
  if (before === after || isClosed(before) === isClosed(after)) return {}
  return { closure: isClosed(after) ? "closed" : "reopened" }
}

/** Whose word an observation is, by its evidence alone: a registration of older journals has the bank's, and keeps it. */
export const tellerOf = ({ evidence }: Pick<Observation, "evidence">): Teller =>
  evidence === "merchant" ? "merchant" : "bank"

/** The bytes of a snapshot: what a replay of the journal must give again, to the last one. */
export const snapshotText = (loan: Loan): string => canonicalJson({ ...loan })

function holdReason(loan: Loan, observation: Observation): HoldReason | null {
  if (observation.hold !== undefined) return observation.hold
  if (observation.evidence === "none") return "no-evidence"
  // A merchant hands over decisions; that a loan is signed or paid out is for the bank to say.
  if (tellerOf(observation) === "merchant" && !observation.events.every(isDecision))
    return "evidence-too-weak"
  const isOurs = loan.account === observation.account || isUnclaimed(loan, observation)
  if (!isOurs) return "account-mismatch"
  // The bank's own answer counts: its decision rules, whichever offers were heard before.
  const isTooMany =
    observation.evidence !== "bank" && observation.events.some((event) => isOfferTooMany(loan.facts, event))
  return isTooMany ? "offers-exceeded" : null
}

/** A loan is its account's once it is registered; until then, once anything trusted was said of it. */
const isUnclaimed = (loan: Loan, { source }: Observation): boolean =>
  !loan.registered && (source === "submission" || isSilent(loan.facts))

const named = (loan: Loan, { externalReference }: Observation): Pick<Loan, "externalReference"> =>
  loan.externalReference === undefined && externalReference !== undefined ? { externalReference } : {}

function stepsThrough(from: Stage, entered: ReadonlyArray<Stage>, facts: Facts): ReadonlyArray<Step> {
  return entered.map((to, index) => ({
    from: entered[index - 1] ?? from,
    to,
    inferred: isInferred(to, facts),
  }))
}

function isInferred(to: Stage, facts: Facts): boolean {
  if (to === "approved") return !isApprovalSaid(facts)
  if (to === "signed") return facts.signedAt === null
  return false
}

const isApprovalSaid = ({ approvedAt, ruling, merchant }: Facts): boolean =>
  approvedAt !== null || ruling?.decision === "approved" || (merchant?.approvedAt ?? null) !== null

function disposition(before: Loan, after: Loan, steps: ReadonlyArray<Step>): Disposition {
  if (steps.length > 0) return after.stage === "disputed" ? "disputed" : "advanced"
  const nothingNew =
    before.facts === after.facts &&
    before.registered === after.registered &&
    before.externalReference === after.externalReference
  return nothingNew ? "repeated" : "noted"
}

function news(before: Loan, after: Loan): ReadonlyArray<News> {
  const was = before.facts
  const is = after.facts
  return [
    ...(!isDecided(was) && isDecided(is) ? (["decision"] as const) : []),
    ...(!isAdditionOutstanding(was) && isAdditionOutstanding(is) ? (["addition"] as const) : []),
    ...(was.signedAt === null && is.signedAt !== null ? (["signature"] as const) : []),
    ...(was.paidOutAt === null && is.paidOutAt !== null ? (["payOut"] as const) : []),
  ]
}

/** A decision that the merchant handed over was made at the submission: the bank promises no callback for it. */
const isDecided = ({ merchant, ...bank }: Facts): boolean =>
  [bank, merchant].some(
    (said) => said !== undefined && (said.approvedAt !== null || said.rejectedAt !== null),
  )
