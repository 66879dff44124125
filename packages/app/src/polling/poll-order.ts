import type { AccountName } from "@loan-engine/domain/observation"
import type { PollLine } from "../ports/loan-store.ts"

/**
 * While both wait, one routine poll of an account follows this many of its confirmations, which get three quarters of the
 * rate.
 */
export const pollConfirmsPerRoutineMax = 3

/**
 * How many more requests than others an account may have had and still have its confirmations served before their polls.
 */
export const pollConfirmsAheadMax = 8

/** Decides which line is next. It remembers a few numbers for each account, and nothing for each loan. */
export interface PollOrder {
  /** The next line, of those with a waiting poll. It counts as one request of its account. */
  readonly next: (waiting: ReadonlyArray<PollLine>) => PollLine | undefined
  /** Corrects the count of `next`: a poll may need two requests, or none if its line was empty. */
  readonly charge: (account: AccountName, requests: number) => void
}

interface Share {
  /** The account's requests so far, on a scale that all accounts share. */
  served: number
  /** Confirmations since its last routine poll, while a routine poll waits. */
  confirmsInARow: number
}

interface Candidate {
  readonly share: Share
  readonly line: PollLine
  readonly leavesRoutine: boolean
}

/**
 * Accounts take turns by their number of requests: the account with the fewest is next, for any kind of waiting poll.
 * Only confirmations may be served before an account's turn, and only up to a limit. An account that was idle collects
 * no credit: it returns at the level of the account that was served last. In an account, confirmations are first, but
 * not always.
 */
export function makePollOrder(): PollOrder {
  const shares = new Map<AccountName, Share>()
  let turn = 0

  const shareOf = (account: AccountName): Share => {
    const share = shares.get(account) ?? { served: turn, confirmsInARow: 0 }
    share.served = Math.max(share.served, turn)
    shares.set(account, share)
    return share
  }
  const candidateOf = (lines: ReadonlyArray<PollLine>): ReadonlyArray<Candidate> => {
    const confirm = lines.find((line) => line.confirm)
    const routine = lines.find((line) => !line.confirm)
    const line = confirm ?? routine
    if (line === undefined) return []
    const share = shareOf(line.account)
    if (confirm === undefined || routine === undefined) return [{ share, line, leavesRoutine: false }]
    const routineIsOwed = share.confirmsInARow >= pollConfirmsPerRoutineMax
    return [{ share, line: routineIsOwed ? routine : confirm, leavesRoutine: !routineIsOwed }]
  }

  return {
    next: (waiting) => {
      const candidates = [...Map.groupBy(waiting, ({ account }) => account).values()].flatMap(candidateOf)
      const [first, ...others] = candidates.toSorted((a, b) => a.share.served - b.share.served)
      if (first === undefined) return undefined
      turn = first.share.served
      const mayGoAhead = ({ line, share }: Candidate): boolean =>
        line.confirm && share.served < turn + pollConfirmsAheadMax
      const chosen = mayGoAhead(first) ? first : (others.find(mayGoAhead) ?? first)
      chosen.share.served++
      chosen.share.confirmsInARow = chosen.leavesRoutine ? chosen.share.confirmsInARow + 1 : 0
      return chosen.line
    },
    charge: (account, requests) => {
      shareOf(account).served += requests
    },
  }
}
