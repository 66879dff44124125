import { getNextTransitions } from "xstate"
import { noFacts } from "@loan-engine/domain/facts"
import type { Stage } from "@loan-engine/domain/legal-transitions"
import { stages } from "@loan-engine/domain/legal-transitions"
import { loanMachine } from "@loan-engine/domain/loan-machine"

/** An edge that the machine can take. It is read from the machine itself. */
export interface LifecycleEdge {
  readonly from: Stage
  readonly to: Stage
}

const isStage = (key: string | undefined): key is Stage => stages.some((stage) => stage === key)

/** Every edge that the machine's definition has, in the order of the stages. */
export function machineEdges(): ReadonlyArray<LifecycleEdge> {
  return stages.flatMap((from) => {
    const state = loanMachine.resolveState({ value: from, context: noFacts })
    const targets = getNextTransitions(state).flatMap((edge) => edge.target ?? [])
    return targets
      .map((node) => node.key)
      .filter(isStage)
      .map((to) => ({ from, to }))
  })
}

/** The stages where a loan ends, unless something contradicts them. */
const lastStages: ReadonlyArray<Stage> = ["paidOut", "rejected"]

/** The lifecycle as a Mermaid state diagram, generated from the machine. */
export function lifecycleMermaid(): string {
  const edges = machineEdges().map(({ from, to }) => `    ${from} --> ${to}`)
  const ends = lastStages.map((stage) => `    ${stage} --> [*]`)
  return ["stateDiagram-v2", "    [*] --> submitted", ...edges, ...ends, ""].join("\n")
}

/**
 * The machine's definition alone, as a module for XState's visualizer (https://stately.ai/viz): states, edges and the
 * names of guards and actions, without their code.
 */
export function lifecycleModule(): string {
  const { context: _context, ...definition } = loanMachine.config
  return [
    'import { createMachine } from "xstate"',
    "",
    `export const loanMachine = createMachine(${JSON.stringify(definition, null, 2)})`,
    "",
  ].join("\n")
}
