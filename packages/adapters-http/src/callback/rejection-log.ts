import type { RejectionCode } from "./answer.ts"

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
  /** How many there were of each code; of one account's only, if one is named. */
  readonly counts: (account?: string) => ReadonlyMap<RejectionCode, number>
}

/** A bounded record of refused requests: whoever floods the receiver fills a ring, not a disk. */
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
