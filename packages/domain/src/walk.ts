import { getMicrosteps } from "xstate"
import type { Facts } from "./facts.ts"
import type { Stage } from "./legal-transitions.ts"
import { loanMachine } from "./loan-machine.ts"
import { situation } from "./standing.ts"

/**
 * Every stage that the machine enters, in order, from a given stage with given facts. Empty if it stays where it is.
 */
export type Walk = (from: Stage, facts: Facts) => ReadonlyArray<Stage>

/** The walk of a machine. XState takes one microstep after another, and this records the stages. */
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
 * A walk that remembers its answers. The guards read only the situation of the facts, and there are few situations. So
 * every loan in the same stage and the same situation walks the same way. The exhaustive check compares the remembered
 * walks with the machine itself on all reachable facts.
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
