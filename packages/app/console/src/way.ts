import type { EntryJson } from "@loan-engine/app/client"
import type { Stage } from "@loan-engine/domain/legal-transitions"

/** The stages and transitions that a loan has had so far. */
export interface Way {
  /** The stages in the order in which the loan entered them. A stage may occur more than once. */
  readonly stops: ReadonlyArray<{ readonly stage: Stage; readonly inferred: boolean }>
  readonly stages: ReadonlySet<Stage>
  /** How the loan made each transition: `walked` if the bank reported it at least once, otherwise `inferred`. */
  readonly edges: ReadonlyMap<string, "walked" | "inferred">
}

export const edgeName = ({ from, to }: { readonly from: Stage; readonly to: Stage }): string =>
  `${from} ${to}`

export function wayOf(entries: ReadonlyArray<EntryJson>): Way {
  const steps = entries.flatMap((entry) => entry.steps)
  const edges = new Map<string, "walked" | "inferred">()
  for (const step of steps) {
    const name = edgeName(step)
    edges.set(name, step.inferred && edges.get(name) !== "walked" ? "inferred" : "walked")
  }
  const start = { stage: "submitted", inferred: false } as const
  const stops = [start, ...steps.map(({ to, inferred }) => ({ stage: to, inferred }))]
  return { stops, stages: new Set(stops.map(({ stage }) => stage)), edges }
}
