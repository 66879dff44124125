import { getMicrosteps } from "xstate"
import type { Facts } from "./facts.ts"
import type { Stage } from "./legal-transitions.ts"
import { loanMachine } from "./loan-machine.ts"
import { situation } from "./standing.ts"

/** Every stage the machine enters, in order, when it stands at a stage and is shown facts; none if it is at rest there. */
export type Walk = (from: Stage, facts: Facts) => ReadonlyArray<Stage>

/** The walk of a machine: XState takes it, one microstep after another, and we write down where it went. */
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
 * A walk that asks each question once. The guards read no more of the facts than their situation, of which there are few,
 * so every loan that stands at the same stage in the same situation walks the same way. The exhaustive check compares
 * what is remembered with the machine itself upon every reachable facts.
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

/** The loan machine's walk: the only authority on which steps follow from facts. */
export const walkMachine: Walk = walkOf(loanMachine)
