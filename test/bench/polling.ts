import { compareWithFixed, delayGoals } from "../engine/polling/simulator/comparison.ts"
import { hourMs } from "../proof/simulation/world.ts"
import type { Figure } from "./figure.ts"
import { median } from "./figure.ts"

const loans = 5_000
const days = 90

/**
 * Compares the poll cadence with a fixed interval that needs equally many polls. Every callback is lost. Each round
 * has its own seed.
 */
export async function pollingFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const compared = Array.from({ length: rounds }, (_, round) =>
    compareWithFixed({ seed: `bench ${round}`, loans, days }),
  )
  const hours = (of: (comparison: (typeof compared)[number]) => number): number =>
    median(compared.map(of)) / hourMs
  return (["median", "p95"] as const).map((percentile) => {
    const ours = hours((comparison) => comparison.ours.delayMs[percentile])
    const fixed = hours((comparison) => comparison.fixed.figures.delayMs[percentile])
    return {
      name: `poll_delay_${percentile}`,
      what: `from the bank's change to our stage, ${percentile} of ${loans} loans over ${days} days with every callback lost: ${ours.toFixed(2)} h, beside ${fixed.toFixed(2)} h at a fixed interval of equal cost`,
      ratio: median(compared.map(({ times }) => times[percentile])),
      goal: delayGoals[percentile],
      ours: 1 / ours,
      floor: 1 / fixed,
      unit: "1/h",
    }
  })
}
