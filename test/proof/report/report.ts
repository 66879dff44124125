import { isLegal, stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { edge } from "../exhaustive/exploration.ts"
import type { CanaryFate, Proof, PropertyId } from "../properties/law.ts"
import { properties } from "../properties/law.ts"
import { untraced } from "./requirements.ts"

/** The outcome of one test, and its results for the report. */
export interface TestOutcome {
  readonly file: string
  readonly title: string
  readonly passed: boolean
  readonly errors: ReadonlyArray<string>
  readonly proofs: ReadonlyArray<Proof>
  readonly canary: CanaryFate | undefined
}

export interface ExhaustiveTotals {
  readonly snapshots: number
  readonly events: number
  readonly steps: number
  readonly illegalReached: number
  readonly edges: Readonly<Record<string, number>>
}

/** What was checked, on which system, and when. */
export interface RunIdentity {
  readonly version: string
  readonly commit: string
  readonly date: string
  readonly seed: number
  readonly platform: string
  readonly command: string
}

export interface Mutation {
  readonly score: number
  readonly killed: number
  readonly total: number
  readonly survivors: ReadonlyArray<{ readonly mutant: string; readonly reason: string | null }>
}

/** The whole report. `report.json` contains it and `index.html` shows it. */
export interface Report extends RunIdentity {
  readonly result: "passed" | "failed"
  readonly tookMs: number
  readonly properties: ReadonlyArray<PropertyResult>
  readonly exhaustive: Omit<ExhaustiveTotals, "edges">
  readonly transitions: ReadonlyArray<Transition>
  readonly canaries: ReadonlyArray<CanaryFate>
  readonly mutation: Mutation | null
  /** Everything that is wrong, as text. Each text has what is needed to reproduce it. */
  readonly failures: ReadonlyArray<string>
}

export interface PropertyResult {
  readonly id: PropertyId
  readonly sentence: string
  readonly result: "passed" | "failed"
  readonly cases: number
  readonly proofs: ReadonlyArray<Proof & { readonly file: string; readonly test: string }>
}

interface Transition {
  readonly from: Stage
  readonly to: Stage
  readonly legal: boolean
  readonly count: number
}

const propertyIds = Object.keys(properties) as ReadonlyArray<PropertyId>

export function makeReport(
  identity: RunIdentity,
  outcomes: ReadonlyArray<TestOutcome>,
  exhaustive: ExhaustiveTotals | undefined,
  mutation: Mutation | null,
  tookMs: number,
): Report {
  const { edges, ...totals } = exhaustive ?? {
    snapshots: 0,
    events: 0,
    steps: 0,
    illegalReached: 0,
    edges: {},
  }
  const transitions = stages.flatMap((from) =>
    stages.map((to) => ({ from, to, legal: isLegal(from, to), count: edges[edge(from, to)] ?? 0 })),
  )
  const results = propertyIds.map((id) => propertyResult(id, outcomes))
  const canaries = outcomes.flatMap(({ canary }) => canary ?? [])
  const failures = [
    ...outcomes.filter(({ passed }) => !passed).map(failureText),
    ...results.filter(({ proofs }) => proofs.length === 0).map(({ id }) => `${id} was not checked at all`),
    ...transitions
      .filter(isWrong)
      .map(({ from, to, legal }) =>
        legal
          ? `${edge(from, to)} is legal but was never exercised`
          : `${edge(from, to)} is illegal but was reached`,
      ),
    ...untraced(propertyIds),
    ...(canaries.length === 0 ? ["no canary was tried"] : []),
    ...canaries
      .filter(({ killedBy }) => killedBy.length === 0)
      .map(({ name }) => `the canary "${name}" survived`),
    ...(mutation === null ? [] : mutationFailures(mutation)),
  ]
  return {
    ...identity,
    result: failures.length === 0 ? "passed" : "failed",
    tookMs,
    properties: results,
    exhaustive: totals,
    transitions,
    canaries,
    mutation,
    failures,
  }
}

const isWrong = ({ legal, count }: Transition): boolean => legal === (count === 0)

function propertyResult(id: PropertyId, outcomes: ReadonlyArray<TestOutcome>): PropertyResult {
  const about = outcomes.filter(({ proofs }) => proofs.some(({ property }) => property === id))
  const proofs = about.flatMap(({ file, title, proofs: shown }) =>
    shown.filter(({ property }) => property === id).map((proof) => ({ ...proof, file, test: title })),
  )
  return {
    id,
    sentence: properties[id],
    result: proofs.length > 0 && about.every(({ passed }) => passed) ? "passed" : "failed",
    cases: proofs.reduce((sum, { cases }) => sum + cases, 0),
    proofs,
  }
}

const failureText = ({ file, title, errors }: TestOutcome): string =>
  [`${file}: ${title}`, ...errors].join("\n")

/** The smallest share of mutants that the suite must notice, in per cent. */
export const mutationScoreMin = 95

const mutationFailures = ({ score, survivors }: Mutation): ReadonlyArray<string> => [
  ...(score < mutationScoreMin ? [`the mutation score is ${score} %, less than ${mutationScoreMin} %`] : []),
  ...survivors
    .filter(({ reason }) => reason === null)
    .map(({ mutant }) => `a mutant survived, and nobody has said why it may: ${mutant}`),
]
