import { getMicrosteps } from "xstate"
import type { Facts } from "./facts.ts"
import type { Stage } from "./legal-transitions.ts"
import { loanMachine } from "./loan-machine.ts"
import { situation } from "./standing.ts"

/**
 * Finds every stage that the machine enters, in order, from a given stage with given facts. The list is empty if the
 * stage does not change.
 */
export type Walk = (from: Stage, facts: Facts) => ReadonlyArray<Stage>

/** The walk of a machine. XState takes one microstep at a time, and this function records the stages. */
export const walkOf =
  (machine: typeof loanMachine): Walk =>
  (from, facts) => {
    const state = machine.resolveState({ value: from, context: facts })
    const entered: Array<Stage> = []
    let stage = from
    for (const [snapshot] of getMicrosteps(machine, state, { type: "observed", events: [] })) {
      if (snapshot.value !== stage) entered.push(snapshot.value)
      stage = snapshot.value
    }
    return entered
  }

/**
 * Caches the answers of a walk. The guards read only {@link situation}, which has few values. So loans in the same
 * stage and situation walk the same way. The exhaustive check compares the cached walks with the machine itself, for
 * all reachable facts.
 */
export const remembering = (walk: Walk): Walk => {
  const walks = new Map<string, ReadonlyArray<Stage>>()
  return (from, facts) => {
    const question = `${from} ${situation(facts)}`
    const known = walks.get(question)
    if (known !== undefined) return known
    const entered = walk(from, facts)
    walks.set(question, entered)
    return entered
  }
}

/** The loan machine's walk. Nothing else decides which steps follow from the facts. */
export const walkMachine: Walk = walkOf(loanMachine)
