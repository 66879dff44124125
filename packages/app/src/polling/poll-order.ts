import type { AccountName } from "@loan-engine/domain/observation"
import type { PollLine } from "../ports/loan-store.ts"

/** How the budget towards the bank is shared out while more polls are due than it can take. */
export interface PollOrderSettings {
  /** While both wait, so many of an account's confirmations go to one of its routine polls: three quarters, by default. */
  readonly pollConfirmsPerRoutineMax: number
  /** So many requests an account may have had more than the others and still have its confirmations go before their polls. */
  readonly pollConfirmsAheadMax: number
}

export const pollOrderDefaults: PollOrderSettings = { pollConfirmsPerRoutineMax: 3, pollConfirmsAheadMax: 8 }

/** Who is served next. It remembers a few numbers for each account, and nothing for each loan. */
export interface PollOrder {
  /** The line to be served next, of those in which a poll waits; it counts as one request of its account. */
  readonly next: (waiting: ReadonlyArray<PollLine>) => PollLine | undefined
  /** Corrects what `next` has counted: a poll may take two requests, or none if its line was empty after all. */
  readonly charge: (account: AccountName, requests: number) => void
}

interface Share {
  /** How far the account's requests have come, on a scale that every account shares. */
  served: number
  /** Confirmations since its last routine poll, while one waits. */
  confirmsInARow: number
}

interface Candidate {
  readonly share: Share
  readonly line: PollLine
  readonly leavesRoutine: boolean
}

/**
 * Accounts take turns by the requests they had: the one that had least goes first, whatever waits in its lines. Only for
 * its confirmations does an account go before its turn, and only so far. An account that had nothing to ask gathers no
 * credit: it comes back level with whoever was served last. Within an account, confirmations go first, but never all the time.
 */
export function makePollOrder(settings: PollOrderSettings): PollOrder {
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
    const routineIsOwed = share.confirmsInARow >= settings.pollConfirmsPerRoutineMax
    return [{ share, line: routineIsOwed ? routine : confirm, leavesRoutine: !routineIsOwed }]
  }

  return {
    next: (waiting) => {
      const candidates = [...Map.groupBy(waiting, ({ account }) => account).values()].flatMap(candidateOf)
      const [first, ...others] = candidates.toSorted((a, b) => a.share.served - b.share.served)
      if (first === undefined) return undefined
      turn = first.share.served
      const mayGoAhead = ({ line, share }: Candidate): boolean =>
        line.confirm && share.served < turn + settings.pollConfirmsAheadMax
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
