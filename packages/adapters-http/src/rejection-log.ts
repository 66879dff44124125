import type { RejectionCode } from "./callback-answer.ts"

/** How many of the last rejections are kept; all of them are counted. */
export const rejectionsKeptMax = 1_000

/** One request that was refused. It holds nothing that the sender wrote: no body, no header, no unknown name. */
export interface Rejection {
  readonly at: number
  readonly code: RejectionCode
  /** Absent when the request named an account that we do not have. */
  readonly account?: string
  /** The body's member at fault, by the bank's own names. */
  readonly field?: string
}

export interface RejectionLog {
  readonly add: (rejection: Rejection) => void
  /** The last ones, oldest first. */
  readonly recent: () => ReadonlyArray<Rejection>
  readonly counts: () => ReadonlyMap<RejectionCode, number>
}

/** A bounded record of refused requests: whoever floods the receiver fills a ring, not a disk. */
export function makeRejectionLog(keptMax: number = rejectionsKeptMax): RejectionLog {
  const kept: Array<Rejection> = []
  const counts = new Map<RejectionCode, number>()
  let next = 0
  return {
    add: (rejection) => {
      counts.set(rejection.code, (counts.get(rejection.code) ?? 0) + 1)
      kept[next] = rejection
      next = (next + 1) % keptMax
    },
    recent: () => [...kept.slice(next), ...kept.slice(0, next)],
    counts: () => new Map(counts),
  }
}
