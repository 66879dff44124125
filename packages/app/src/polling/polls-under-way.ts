import { Effect, Fiber } from "effect"
import type { ClaimedLoan, StoreUnavailable } from "../ports/loan-store.ts"

/** The state of a claimed poll: `waiting` for its turn in the budget, `asking` the bank, or `over`. */
export interface PollState {
  stage: "waiting" | "asking" | "over"
}

interface Poll {
  readonly claimed: ClaimedLoan
  readonly state: PollState
  readonly fiber: Fiber.Fiber<void>
}

type Release = (claimed: ClaimedLoan) => Effect.Effect<void, StoreUnavailable>

/** The polls that this engine has claimed and not finished, each on its own fiber. */
export function makePollsUnderWay(stopMsMax: number) {
  const polls = new Set<Poll>()

  const start = Effect.fnUntraced(function* (
    claimed: ClaimedLoan,
    run: (state: PollState) => Effect.Effect<void>,
  ) {
    const state: PollState = { stage: "waiting" }
    const fiber = yield* Effect.forkDetach(Effect.interruptible(run(state)))
    const poll = { claimed, state, fiber }
    polls.add(poll)
    fiber.addObserver(() => polls.delete(poll))
  })

  /**
   * Gives back the waiting polls, and waits for the running ones up to a limit. Any that remain are due again when
   * their lease ends.
   */
  const stop = Effect.fnUntraced(function* (release: Release) {
    const waiting = [...polls].filter(({ state }) => state.stage === "waiting")
    const idle = [...polls].filter(({ state }) => state.stage !== "asking")
    yield* Fiber.interruptAll(idle.map(({ fiber }) => fiber))
    yield* Effect.forEach(waiting, ({ claimed }) => given(release(claimed)), { discard: true })
    const asking = [...polls].map(({ fiber }) => fiber)
    yield* Effect.timeoutOption(Fiber.awaitAll(asking), stopMsMax)
    yield* Fiber.interruptAll(asking)
  })
  return { start, stop }
}

const given = (release: Effect.Effect<void, StoreUnavailable>): Effect.Effect<void> =>
  Effect.catch(release, ({ message }) =>
    Effect.logWarning("a poll could not be given back; it is due again when its lease ends").pipe(
      Effect.annotateLogs({ reason: message }),
    ),
  )
