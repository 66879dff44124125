import type { AccountName } from "@loan-engine/domain/observation"
import { Clock, Effect, Fiber, PubSub, Queue } from "effect"
import type { Scope } from "effect"
import type { ClaimedLoan, PollLine, StoreUnavailable } from "../ports/loan-store.ts"
import { LoanStore } from "../ports/loan-store.ts"
import { surviving } from "../ports/recurring.ts"
import { LoanEngine } from "../record/engine.ts"
import type { BankPauses } from "./bank-pauses.ts"
import type { PollOrder } from "./poll-order.ts"
import type { PollerSettings } from "./settings.ts"

/** A claimed poll on its worker: `waiting` until the rate allows it, `asking` the bank, or `over`. */
interface Poll {
  readonly claimed: ClaimedLoan
  stage: "waiting" | "asking" | "over"
}

/**
 * The work on a claimed loan. It calls `begins` just before it asks the bank. Until then, the poll can be given back.
 */
export type PollWork = (claimed: ClaimedLoan, begins: () => void) => Effect.Effect<unknown, StoreUnavailable>

export interface PollWorkers {
  /** How many workers are free, in total or for one account. */
  readonly free: (account?: AccountName) => number
  readonly start: (claimed: ClaimedLoan, work: PollWork) => Effect.Effect<void>
  /** Repeats a round until the scope closes. The result of a round is how long to rest before the next. */
  readonly repeat: (
    round: Effect.Effect<number, StoreUnavailable>,
  ) => Effect.Effect<void, never, Scope.Scope | LoanEngine>
}

/**
 * The poller's workers. Each handles one poll at a time. On a stop, the workers start no more polls, give back the
 * polls that were not sent yet, and wait for answers to the others.
 */
export const makePollWorkers = Effect.fnUntraced(function* (
  settings: PollerSettings,
  accounts: number,
  pauses: BankPauses,
): Effect.fn.Return<PollWorkers, never, LoanStore> {
  const store = yield* LoanStore
  const { pollsInFlightMax, pollIdleMaxMs } = settings
  // For each other account one worker stays reserved, so that a slow bank cannot occupy all workers.
  const accountMax = Math.max(1, pollsInFlightMax - (accounts - 1))
  const polls = new Map<Fiber.Fiber<void>, Poll>()
  const alarms = yield* Queue.sliding<void>(1)

  const free = (account?: AccountName): number => {
    const all = pollsInFlightMax - polls.size
    if (account === undefined) return all
    const busy = [...polls.values()].filter(({ claimed: { loan } }) => loan.account === account).length
    return Math.max(0, Math.min(all, (pauses.isOnProbation(account) ? 1 : accountMax) - busy))
  }
  /** If the store is down, or one loan has a defect, the other polls continue. */
  const survive = (work: Effect.Effect<unknown, StoreUnavailable>): Effect.Effect<void> =>
    surviving("a poll went wrong", work, Effect.sleep(pollIdleMaxMs))

  const start = Effect.fnUntraced(function* (claimed: ClaimedLoan, work: PollWork) {
    const poll: Poll = { claimed, stage: "waiting" }
    const to = (stage: Poll["stage"]) => () => {
      poll.stage = stage
    }
    const worked = survive(Effect.ensuring(work(claimed, to("asking")), Effect.sync(to("over"))))
    const fiber = yield* Effect.forkDetach(Effect.interruptible(worked))
    polls.set(fiber, poll)
    fiber.addObserver(() => {
      polls.delete(fiber)
      Queue.offerUnsafe(alarms, undefined)
    })
  })

  const rest = (waitMs: number): Effect.Effect<void> =>
    Effect.raceFirst(Effect.sleep(Math.max(1, Math.min(waitMs, pollIdleMaxMs))), Queue.take(alarms))
  const repeat = Effect.fnUntraced(function* (round: Effect.Effect<number, StoreUnavailable>) {
    yield* wakeOnChange(pollIdleMaxMs, alarms)
    const turn = Effect.gen(function* () {
      const restMs = free() === 0 ? Infinity : yield* round
      if (restMs > 0) yield* rest(restMs)
    })
    yield* Effect.acquireRelease(Effect.forkDetach(Effect.forever(survive(turn))), (turns) =>
      Effect.andThen(Fiber.interrupt(turns), stop),
    )
  })

  /** A poll that is still running after `pollStopMsMax` is due again when its lease ends. */
  const stop = Effect.gen(function* () {
    const idle = [...polls].filter(([, { stage }]) => stage !== "asking")
    const waiting = idle.flatMap(([, { stage, claimed }]) => (stage === "waiting" ? [claimed] : []))
    yield* Fiber.interruptAll(idle.map(([fiber]) => fiber))
    yield* Effect.forEach(waiting, (claimed) => givenBack(store.release(claimed)), { discard: true })
    const asking = [...polls.keys()]
    yield* Effect.timeoutOption(Fiber.awaitAll(asking), settings.pollStopMsMax)
    yield* Fiber.interruptAll(asking)
  })
  return { free, start, repeat }
})

const givenBack = (release: Effect.Effect<void, StoreUnavailable>): Effect.Effect<void> =>
  Effect.catch(release, ({ message }) =>
    Effect.logWarning("a poll could not be given back; it is due again when its lease ends").pipe(
      Effect.annotateLogs({ reason: message }),
    ),
  )

/** Ends a rest early if a change plans a poll before the longest rest would end. */
const wakeOnChange = Effect.fnUntraced(function* (pollIdleMaxMs: number, alarms: Queue.Enqueue<void>) {
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

/** Shares the free workers among the lines that have due polls. Gives how many polls to claim from each line. */
export function shareWorkers(
  waiting: ReadonlyArray<PollLine>,
  { next }: PollOrder,
  { free }: PollWorkers,
): ReadonlyMap<PollLine, number> {
  const claims = new Map<PollLine, number>()
  const left = new Map(waiting.map(({ account }) => [account, free(account)]))
  const leftFor = ({ account }: PollLine): number => left.get(account) ?? 0
  for (let all = free(); all > 0; all--) {
    const line = next(waiting.filter((each) => leftFor(each) > 0))
    if (line === undefined) break
    claims.set(line, (claims.get(line) ?? 0) + 1)
    left.set(line.account, leftFor(line) - 1)
  }
  return claims
}
