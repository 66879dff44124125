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
 * One loan application as the engine knows it: the fold of its observations. `registered` is false while no
 * registration has arrived: a callback can arrive before it. `version` counts the entries of the loan's journal.
 * `externalReference` comes from the first registration that named one.
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

/**
 * One step of the walk. `inferred` means that no message named this step, but a message implies it. For example, a
 * pay-out implies the signature.
 */
export const Step = Schema.Struct({
  from: Schema.Literals(stages),
  to: Schema.Literals(stages),
  inferred: Schema.Boolean,
})
export type Step = typeof Step.Type

/** What an observation reports for the first time. The bank should have sent a callback for each of these. */
export const News = Schema.Literals(["decision", "addition", "signature", "payOut"])
export type News = typeof News.Type

/**
 * Whether an observation closed the loan or opened it again. A person can do both. The bank's progress also opens a
 * closed loan.
 */
export const ClosureChange = Schema.Literals(["closed", "reopened"])
export type ClosureChange = typeof ClosureChange.Type

/** The domain's decision on one observation. It depends only on the loan and the observation. */
export interface Decision {
  readonly loan: Loan
  readonly disposition: Disposition
  readonly hold: HoldReason | null
  readonly steps: ReadonlyArray<Step>
  readonly news: ReadonlyArray<News>
  /** Absent if the observation neither closed nor opened the loan. */
  readonly closure?: ClosureChange
}

/** A loan about which nothing is known yet. Every fold starts with it. */
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

/**
 * The two steps of a decision. First, the observation joins the facts. Then the machine walks to the stage that
 * follows from the facts.
 */
export interface Lifecycle {
  readonly join: (facts: Facts, events: ReadonlyArray<LoanEvent>, teller: Teller) => Facts
  readonly walk: Walk
}

/** Decides what an observation means for its loan. */
export type Observe = (loan: Loan, observation: Observation) => Decision

/**
 * Decides what an observation means for its loan. Every observation gets exactly one disposition, in every stage. An
 * observation that is not trusted is `held` and changes no fact.
 *
 * @example observe(openLoan(reference, account), observation).disposition
 */
export const observe: Observe = observing({ join: joinEvents, walk: remembering(walkMachine) })

/** {@link observe} with another join and walk. Tests use it to check the real ones, or to break them on purpose. */
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

/**
 * Who reported an observation. Only its evidence counts. Older journals contain registrations with the evidence `bank`;
 * these still count as the bank's.
 */
export const tellerOf = ({ evidence }: Pick<Observation, "evidence">): Teller =>
  evidence === "merchant" ? "merchant" : "bank"

/** The bytes of a snapshot. A replay of the journal must produce exactly these bytes. */
export const snapshotText = (loan: Loan): string => canonicalJson({ ...loan })

function holdReason(loan: Loan, observation: Observation): HoldReason | null {
  if (observation.hold !== undefined) return observation.hold
  if (observation.evidence === "none") return "no-evidence"
  // A merchant can register decisions only. Only the bank can report that a loan is signed or paid out.
  if (tellerOf(observation) === "merchant" && !observation.events.every(isDecision))
    return "evidence-too-weak"
  const isOurs = loan.account === observation.account || isUnclaimed(loan, observation)
  if (!isOurs) return "account-mismatch"
  // The bank's own answer is not held. Its decision overrules all offers that were received before it.
  const isTooMany =
    observation.evidence !== "bank" && observation.events.some((event) => isOfferTooMany(loan.facts, event))
  return isTooMany ? "offers-exceeded" : null
}

/**
 * Whether the loan does not yet belong to an account. An unregistered loan gets its account from a registration, or
 * from the first trusted observation.
 */
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

/**
 * If the merchant registered a decision, the bank had made it at the submission. The bank promises no callback for
 * such a decision.
 */
const isDecided = ({ merchant, ...bank }: Facts): boolean =>
  [bank, merchant].some(
    (said) => said !== undefined && (said.approvedAt !== null || said.rejectedAt !== null),
  )
