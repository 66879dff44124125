import type { AccountName } from "@loan-engine/domain/observation"
import { Cause, Clock, Effect, Fiber, PubSub, Queue } from "effect"
import type { BankPauses } from "./bank-pauses.ts"
import { Banks } from "../ports/banks.ts"
import { LoanEngine } from "../record/engine.ts"
import type { ClaimedLoan, LineDue, PollLine, StoredLoan, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import type { PollOrderSettings } from "./poll-order.ts"
import { makePollOrder, pollOrderDefaults } from "./poll-order.ts"
import { makePollsUnderWay } from "./polls-under-way.ts"

export interface DispatcherSettings extends PollOrderSettings {
  /** How many polls may run at once, over all accounts. */
  readonly pollsInFlightMax: number
  /** A claimed poll that is not finished after this time is due again, because its process may have died. */
  readonly pollLeaseMs: number
  /** The longest rest of the poller before it looks for due polls again. */
  readonly pollIdleMaxMs: number
  /** How long the poller rests if other engines have claimed all due polls, or if none is due by the store's clock. */
  readonly pollOvertakenMs: number
  /** How long a stop waits for running requests to the bank. Polls without a request yet are given back at once. */
  readonly pollStopMsMax: number
}

export const dispatcherDefaults: DispatcherSettings = {
  pollsInFlightMax: 8,
  pollLeaseMs: 120_000,
  pollIdleMaxMs: 5_000,
  pollOvertakenMs: 100,
  pollStopMsMax: 10_000,
  ...pollOrderDefaults,
}

/** The work on a claimed loan. */
export interface DuePoll {
  /** How many requests it will need. */
  readonly requests: (stored: StoredLoan) => number
  /** `begins` is called just before the bank is asked. Until then the poll can be given back. */
  readonly run: (stored: StoredLoan, begins: () => void) => Effect.Effect<unknown, StoreUnavailable>
}

/**
 * Claims due polls, in the order of {@link makePollOrder}, as many as there are free workers. A stop claims nothing
 * more, gives back the polls that were not sent yet, and waits for running answers.
 */
export const runDuePolls = Effect.fnUntraced(function* (
  settings: DispatcherSettings,
  pauses: BankPauses,
  poll: DuePoll,
) {
  const store = yield* LoanStore
  const accounts = [...(yield* Banks).keys()]
  const order = makePollOrder(settings)
  const workers = makeWorkers(settings, accounts.length, pauses)
  const polls = makePollsUnderWay(settings.pollStopMsMax)
  const alarms = yield* Queue.sliding<void>(1)
  yield* wakeOnChange(settings, alarms)

  const rest = (waitMs: number): Effect.Effect<void> =>
    Effect.raceFirst(Effect.sleep(Math.max(1, Math.min(waitMs, settings.pollIdleMaxMs))), Queue.take(alarms))
  /**
   * How long until a line can be served. Infinite while its account has no free worker; a finished worker wakes the
   * loop.
   */
  const waitMs = Effect.fnUntraced(function* ({ account, dueAt }: LineDue, now: number) {
    if (workers.free(account) === 0) return Infinity
    return Math.max(dueAt - now, yield* pauses.remainingMs(account))
  })
  const survive = surviving(settings.pollIdleMaxMs)
  const start = (claimed: ClaimedLoan): Effect.Effect<void> => {
    const { account } = claimed.loan
    workers.take(account)
    return polls.start(claimed, (state) =>
      survive(
        Effect.ensuring(
          poll.run(claimed, () => (state.stage = "asking")),
          Effect.sync(() => (state.stage = "over")),
        ),
      ).pipe(
        Effect.ensuring(
          Effect.suspend(() => {
            workers.release(account)
            return Queue.offer(alarms, undefined)
          }),
        ),
      ),
    )
  }
  /** Claimed polls are sent even if another claim fails meanwhile. Otherwise they would wait until their lease ends. */
  const claim = Effect.fnUntraced(function* (line: PollLine, limit: number, now: number) {
    const { account } = line
    const claimed = yield* store.claimDue({ ...line, now, limit, leaseMs: settings.pollLeaseMs })
    const requests = claimed.reduce((sum, stored) => sum + poll.requests(stored), 0)
    order.charge(account, requests - limit)
    yield* Effect.forEach(claimed, start, { discard: true })
    return claimed.length
  }, Effect.uninterruptible)
  const dispatch = Effect.gen(function* () {
    if (workers.free() === 0) return yield* rest(Infinity)
    const now = yield* Clock.currentTimeMillis
    const lines = yield* store.nextDue(accounts)
    const waits = yield* Effect.forEach(lines, (line) => waitMs(line, now))
    const waiting = lines.filter((_, index) => (waits[index] ?? 0) <= 0)
    if (waiting.length === 0) return yield* rest(Math.min(...waits))
    const claims = share(waiting, order.next, workers)
    const claimed = yield* Effect.forEach(
      claims,
      ([{ account, confirm }, limit]) => claim({ account, confirm }, limit, now),
      { concurrency: "unbounded" },
    )
    if (claimed.every((loans) => loans === 0)) yield* rest(settings.pollOvertakenMs)
  })
  yield* Effect.acquireRelease(Effect.forkDetach(Effect.forever(survive(dispatch))), (dispatcher) =>
    Effect.andThen(Fiber.interrupt(dispatcher), polls.stop(store.release)),
  )
})

/** How many workers are free in total, and for one account. */
interface Workers {
  readonly free: (account?: AccountName) => number
  readonly take: (account: AccountName) => void
  readonly release: (account: AccountName) => void
}

/** One worker stays reserved for each other account, so that a slow bank cannot occupy all of them. */
function makeWorkers(
  { pollsInFlightMax }: DispatcherSettings,
  accounts: number,
  pauses: BankPauses,
): Workers {
  const accountMax = Math.max(1, pollsInFlightMax - (accounts - 1))
  const busy = new Map<AccountName, number>()
  let free = pollsInFlightMax
  const add = (account: AccountName, change: number): void => {
    busy.set(account, (busy.get(account) ?? 0) + change)
    free -= change
  }
  return {
    free: (account) => {
      if (account === undefined) return free
      const most = pauses.isOnProbation(account) ? 1 : accountMax
      return Math.max(0, Math.min(free, most - (busy.get(account) ?? 0)))
    },
    take: (account) => add(account, 1),
    release: (account) => add(account, -1),
  }
}

/** Assigns the free workers to the waiting lines: how many polls to claim from each line. */
function share(
  waiting: ReadonlyArray<PollLine>,
  next: (lines: ReadonlyArray<PollLine>) => PollLine | undefined,
  workers: Workers,
): ReadonlyMap<PollLine, number> {
  const claims = new Map<PollLine, number>()
  const given = new Map<AccountName, number>()
  for (let free = workers.free(); free > 0; free--) {
    const open = waiting.filter(({ account }) => workers.free(account) > (given.get(account) ?? 0))
    const line = next(open)
    if (line === undefined) break
    claims.set(line, (claims.get(line) ?? 0) + 1)
    given.set(line.account, (given.get(line.account) ?? 0) + 1)
  }
  return claims
}

/** A store that is down, or a defect with one loan, must not end the polling of the others. */
const surviving =
  (restMs: number) =>
  (effect: Effect.Effect<unknown, StoreUnavailable>): Effect.Effect<void> =>
    Effect.catchCause(Effect.asVoid(effect), (cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.interrupt
        : Effect.logError("a poll went wrong", cause).pipe(Effect.andThen(Effect.sleep(restMs))),
    )

/** Ends a rest early if a change plans a poll sooner than the end of the longest rest. */
const wakeOnChange = Effect.fnUntraced(function* (
  { pollIdleMaxMs }: DispatcherSettings,
  alarms: Queue.Enqueue<void>,
) {
  const { changes } = yield* LoanEngine
  const subscription = yield* PubSub.subscribe(changes)
  const listen = Effect.gen(function* () {
    const { schedule } = yield* PubSub.take(subscription)
    const now = yield* Clock.currentTimeMillis
    if (schedule.nextPollAt !== null && schedule.nextPollAt < now + pollIdleMaxMs) {
      yield* Queue.offer(alarms, undefined)
    }
  })
  yield* Effect.forkScoped(Effect.forever(listen))
})
