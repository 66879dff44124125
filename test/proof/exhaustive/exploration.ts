import { noFacts } from "@loan-engine/domain/facts"
import { legalTransitions, stages } from "@loan-engine/domain/legal-transitions"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { openLoan } from "@loan-engine/domain/loan"
import type { Decision, Loan, Observe } from "@loan-engine/domain/loan"
import type { Walk } from "@loan-engine/domain/walk"
import { account, observedOf, reference } from "../properties/arbitraries.ts"
import type { Told } from "../properties/arbitraries.ts"
import { judges } from "../properties/judges.ts"
import type { Breach } from "../properties/law.ts"
import { conclude } from "../properties/reference.ts"
import type { Places } from "./abstraction.ts"
import { abstracted, anywhere, eventsBehind, eventsUpon, factsKey } from "./abstraction.ts"

/** The results of a complete search through the abstraction. */
export interface Exploration {
  /** The number of reachable snapshots. A snapshot is a stage and abstracted facts. */
  readonly snapshots: number
  /** The number of decided events: every kind, at every place, on every snapshot. */
  readonly events: number
  readonly steps: number
  readonly illegalReached: number
  /** How often each transition was made, named as by {@link edge}. */
  readonly edges: ReadonlyMap<string, number>
  readonly breaches: ReadonlyArray<Counterexample>
}

/** A breach, and the shortest sequence of events that leads to it. */
export interface Counterexample extends Breach {
  readonly events: ReadonlyArray<Told>
}

export interface ExplorationOptions {
  readonly observe: Observe
  /** The machine itself, with which the steps are compared. Absent for a lifecycle that is broken on purpose. */
  readonly authority?: Walk
  /** The places of verdicts. The default is {@link anywhere}; other places make the search smaller. */
  readonly verdictPlaces?: Places
  /** How many breaches of each property are listed. A broken machine would have very many. */
  readonly breachesMax?: number
  /** Ends the search at its first breach. This is enough to know that something is broken. */
  readonly untilBreach?: boolean
}

interface Visited {
  readonly loan: Loan
  readonly from: Visited | undefined
  readonly by: Told | undefined
  /** The snapshots after one more event. */
  readonly next: Set<Visited>
  /** The stages that a loan with these facts may have had before the last batch of events. */
  readonly earlier: Set<Stage>
}

export const edge = (from: Stage, to: Stage): string => `${from} -> ${to}`

/**
 * Searches breadth-first through every reachable snapshot and applies every event to each. So the first breach has a
 * shortest trace.
 *
 * Then it checks batches. From every stage that a loan may have had before a batch, the whole batch must lead to the
 * same stage as the single events.
 */
export function explore(options: ExplorationOptions): Exploration {
  const explorer = makeExplorer(options)
  const start = visit(openLoan(reference, account))
  const seen = new Map([[key(start.loan), start]])
  const queue = [start]
  for (const visited of queue) {
    if (options.untilBreach === true && explorer.isBroken()) return explorer.result(queue.length)
    explorer.checkConclusion(visited)
    for (const event of eventsUpon(visited.loan.facts, options.verdictPlaces ?? anywhere)) {
      const next = explorer.decide(visited, visited.loan, [event])
      const known = seen.get(key(next))
      const reached = known ?? visit(next, visited, event)
      visited.next.add(reached)
      if (known !== undefined) continue
      seen.set(key(next), reached)
      queue.push(reached)
    }
  }
  spreadEarlierStages(queue)
  for (const visited of queue) {
    for (const stage of visited.earlier) {
      const arrived = explorer.decide(visited, { ...visited.loan, stage }, [])
      if (arrived.stage === visited.loan.stage) continue
      explorer.complain(visited, [], {
        property: "P2",
        what: `in one batch from ${stage} it ends at ${arrived.stage}, one by one at ${visited.loan.stage}`,
      })
    }
  }
  explorer.checkCover()
  return explorer.result(queue.length)
}

function makeExplorer({ observe, authority, breachesMax = 3 }: ExplorationOptions) {
  const edges = new Map<string, number>()
  const breaches: Array<Counterexample> = []
  const stageByFacts = new Map<string, Stage>()
  const count = { events: 0, steps: 0, illegalReached: 0 }

  const complain = (visited: Visited, last: ReadonlyArray<Told>, breach: Breach): void => {
    const told = breaches.filter(({ property }) => property === breach.property).length
    if (told >= breachesMax) return
    breaches.push({ ...breach, events: [...trace(visited), ...last] })
  }

  /** Applies the events to the loan and judges the decision. The result is the new loan, abstracted. */
  const decide = (visited: Visited, loan: Loan, events: ReadonlyArray<Told>): Loan => {
    count.events++
    const observation = observedOf(events)
    const decision = observe(loan, observation)
    for (const judge of judges) {
      for (const breach of judge(loan, observation, decision)) complain(visited, events, breach)
    }
    countSteps(decision)
    const next = { ...decision.loan, version: 0, facts: abstracted(decision.loan.facts) }
    for (const breach of disagreements(loan.stage, decision, next)) complain(visited, events, breach)
    return next
  }

  const countSteps = ({ steps }: Decision): void => {
    for (const { from, to } of steps) {
      count.steps++
      if (!legalTransitions[from].includes(to)) count.illegalReached++
      edges.set(edge(from, to), (edges.get(edge(from, to)) ?? 0) + 1)
    }
  }

  /** Equal facts must have the same stage, and the steps must be those of the machine itself. */
  const disagreements = (from: Stage, { steps }: Decision, next: Loan): ReadonlyArray<Breach> => {
    const found: Array<Breach> = []
    const facts = factsKey(next.facts)
    const stage = stageByFacts.get(facts) ?? next.stage
    stageByFacts.set(facts, stage)
    if (stage !== next.stage) {
      found.push({ property: "P2", what: `the same facts stand at ${stage} and at ${next.stage}` })
    }
    if (authority === undefined) return found
    const walked = authority(from, next.facts).join(" ")
    const taken = steps.map(({ to }) => to).join(" ")
    if (walked !== taken)
      found.push({ property: "P1", what: `it went to [${taken}], the machine to [${walked}]` })
    return found
  }

  /** The stage must be the one that the naive reference concludes from the same events. */
  const checkConclusion = (visited: Visited): void => {
    const { stage, facts } = visited.loan
    const handedOver = eventsBehind({ ...noFacts, ...facts.merchant })
    const concluded = conclude(eventsBehind(facts), handedOver).stage
    if (concluded === stage) return
    complain(visited, [], {
      property: "P2",
      what: `it stands at ${stage}, but what was said means ${concluded}`,
    })
  }

  /** P8: every legal transition was made. P1 checks that no other transition was made. */
  const checkCover = (): void => {
    for (const from of stages) {
      for (const to of legalTransitions[from]) {
        if (edges.has(edge(from, to))) continue
        breaches.push({ property: "P8", what: `${edge(from, to)} is legal but was never taken`, events: [] })
      }
    }
  }

  return {
    decide,
    complain,
    checkConclusion,
    checkCover,
    isBroken: () => breaches.length > 0,
    result: (snapshots: number): Exploration => ({ snapshots, ...count, edges, breaches }),
  }
}

const visit = (loan: Loan, from?: Visited, by?: Told): Visited => ({
  loan,
  from,
  by,
  next: new Set(),
  earlier: new Set([loan.stage]),
})

/** Adds every stage of a snapshot to all later snapshots, until nothing changes. */
function spreadEarlierStages(all: ReadonlyArray<Visited>): void {
  const work = [...all]
  for (let visited = work.pop(); visited !== undefined; visited = work.pop()) {
    for (const reached of visited.next) {
      const before = reached.earlier.size
      for (const stage of visited.earlier) reached.earlier.add(stage)
      if (reached.earlier.size > before) work.push(reached)
    }
  }
}

const key = ({ stage, facts }: Loan): string => `${stage} ${factsKey(facts)}`

/** The events that lead to a snapshot. */
function trace(visited: Visited): ReadonlyArray<Told> {
  const events: Array<Told> = []
  for (let at: Visited | undefined = visited; at?.by !== undefined; at = at.from) events.unshift(at.by)
  return events
}

declare module "vitest" {
  interface TaskMeta {
    exploration?: Omit<Exploration, "edges"> & { readonly edges: Readonly<Record<string, number>> }
  }
}
