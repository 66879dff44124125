import type { RejectionCode } from "./answer.ts"

/** How many rejections are kept. The latest are kept; all are counted. */
export const rejectionsKeptMax = 1_000

/** One refused request. It contains nothing from the sender: no body, no header, no unknown name. */
export interface Rejection {
  readonly at: number
  readonly code: RejectionCode
  /** Absent if the request named an unknown account. */
  readonly account?: string
  /** The wrong member of the body, by the bank's own names. */
  readonly field?: string
}

export interface RejectionLog {
  readonly add: (rejection: Rejection) => void
  /** The latest rejections, oldest first. */
  readonly recent: () => ReadonlyArray<Rejection>
  /** How many rejections there were of each code, for one account or in total. */
  readonly counts: (account?: string) => ReadonlyMap<RejectionCode, number>
}

/**
 * Makes a log of refused requests with a limited size. So a flood of requests fills neither the memory nor the disk.
 */
export function makeRejectionLog(keptMax: number = rejectionsKeptMax): RejectionLog {
  const kept: Array<Rejection> = []
  const byAccount = new Map<string | undefined, Map<RejectionCode, number>>()
  let next = 0
  return {
    add: (rejection) => {
      const counts = byAccount.get(rejection.account) ?? new Map<RejectionCode, number>()
      byAccount.set(rejection.account, counts)
      counts.set(rejection.code, (counts.get(rejection.code) ?? 0) + 1)
      kept[next] = rejection
      next = (next + 1) % keptMax
    },
    recent: () => [...kept.slice(next), ...kept.slice(0, next)],
    counts: (account) => {
      if (account !== undefined) return new Map(byAccount.get(account))
      const total = new Map<RejectionCode, number>()
      for (const counts of byAccount.values()) {
        for (const [code, count] of counts) total.set(code, (total.get(code) ?? 0) + count)
      }
      return total
    },
  }
}
