import type { AccountName } from "@loan-engine/domain/observation"
import type { PollLine } from "../ports/loan-store.ts"

/**
 * If both kinds wait, an account gets one routine poll after this many confirmations. So confirmations get three
 * quarters of its polls.
 */
export const pollConfirmsPerRoutineMax = 3

/**
 * How many more requests than other accounts an account may have had, for its confirmations to be still served first.
 */
export const pollConfirmsAheadMax = 8

/** Decides which line is polled next. It remembers a few numbers for each account, and nothing for each loan. */
export interface PollOrder {
  /** Chooses the next line from those with a waiting poll. The choice counts as one request of its account. */
  readonly next: (waiting: ReadonlyArray<PollLine>) => PollLine | undefined
  /** Corrects the count that `next` made. A poll may need two requests, or none if its line was empty. */
  readonly charge: (account: AccountName, requests: number) => void
}

interface Share {
  /** The account's requests so far, on a scale that all accounts share. */
  served: number
  /** How many confirmations the account had in a row while a routine poll was waiting. */
  confirmsInARow: number
}

interface Candidate {
  readonly share: Share
  readonly line: PollLine
  readonly leavesRoutine: boolean
}

/**
 * Makes an order in which accounts take turns by their number of requests. The account with the fewest requests is
 * next. A confirmation may be served before the account's turn, up to a limit. An account that was idle gets no
 * credit: it continues at the level of the account that was served last. Within an account, confirmations usually
 * come first.
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
