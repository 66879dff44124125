import { Effect, Fiber } from "effect"
import type { ProblemDocument } from "../contract/problems.ts"

/**
 * `live`: the state shown is the engine's current state. `reconnecting`: it is the state from before the connection was
 * lost. `closed`: nobody listens any more, or the client was closed, and the state becomes outdated.
 */
export type WatchStatus = "connecting" | "live" | "reconnecting" | "refused" | "closed"

/** What a frontend subscribes to. It fits React's useSyncExternalStore and similar functions. */
export interface Watch<Snapshot> {
  /** Follows the engine while it has subscribers. Gives a function that ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void
  /** The same object until something changes. */
  readonly getSnapshot: () => Snapshot
}

export interface WatchState {
  readonly status: WatchStatus
  /** Why the engine refused the watch. */
  readonly problem: ProblemDocument | undefined
  /**
   * How often the state turned out to belong to a history that the engine no longer has, because a backup was restored
   * or another store is served. Each time, the watch forgot the state and read it again. If this number grows, a reader
   * that stores more must forget that, too.
   */
  readonly resets: number
}

/** Announces a new state, with the changed members. */
export type Changed = (state?: Partial<WatchState>) => void

/** A watch that runs while it has listeners. It makes a new snapshot only after a change. */
export function makeWatch<Snapshot>(
  takeSnapshot: (state: WatchState) => Snapshot,
  follow: (changed: Changed) => Effect.Effect<void>,
  signal: AbortSignal | undefined,
): Watch<Snapshot> {
  const listeners = new Set<() => void>()
  let state: WatchState = { status: "connecting", problem: undefined, resets: 0 }
  let snapshot: Snapshot | undefined
  let fiber: Fiber.Fiber<void> | undefined

  const changed: Changed = (next = {}) => {
    state = { ...state, ...next }
    snapshot = undefined
    for (const listener of listeners) listener()
  }
  const closed = (): void => changed({ status: "closed", problem: undefined })
  const run = follow(changed)
  signal?.addEventListener("abort", closed, { once: true })
  return {
    subscribe: (listener) => {
      // Each subscription is separate, even for the same function.
      const own = (): void => tell(listener)
      listeners.add(own)
      if (signal?.aborted === true) closed()
      else if (fiber === undefined) {
        if (state.status === "closed") changed({ status: "connecting", problem: undefined })
        fiber = Effect.runFork(run, signal && { signal })
      }
      return () => {
        listeners.delete(own)
        if (listeners.size > 0 || fiber === undefined) return
        Effect.runFork(Fiber.interrupt(fiber))
        fiber = undefined
        closed()
      }
    },
    getSnapshot: () => (snapshot ??= takeSnapshot(state)),
  }
}

/** If a listener throws, the error is reported as uncaught, and the other listeners still receive the change. */
function tell(listener: () => void): void {
  try {
    listener()
  } catch (cause) {
    queueMicrotask(() => {
      throw cause
    })
  }
}
