import type { Finding } from "./finding.ts"

/** How many findings are listed. The others are only counted, so that a badly damaged store needs no extra memory. */
export const findingsMax = 1_000

/** Collects findings. */
export interface Findings {
  readonly add: (found: ReadonlyArray<Finding>) => void
  readonly listed: () => ReadonlyArray<Finding>
  readonly count: () => number
}

export function collectFindings(): Findings {
  const listed: Array<Finding> = []
  let count = 0
  return {
    add: (found) => {
      count += found.length
      listed.push(...found.slice(0, Math.max(findingsMax - listed.length, 0)))
    },
    listed: () => listed,
    count: () => count,
  }
}
