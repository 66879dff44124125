import { Effect, Fiber } from "effect"
import type { ProblemDocument } from "../contract/problems.ts"

/**
 * `live`: the watch shows the engine's current state. `reconnecting`: it shows the state from before the connection
 * was lost. `closed`: nobody listens, or the client was closed, so the state becomes outdated.
 */
export type WatchStatus = "connecting" | "live" | "reconnecting" | "refused" | "closed"

/** The object to which a frontend subscribes. It fits React's useSyncExternalStore and similar functions. */
export interface Watch<Snapshot> {
  /**
   * Subscribes. The watch follows the engine while it has subscribers. The result is a function that ends the
   * subscription.
   */
  readonly subscribe: (listener: () => void) => () => void
  /** The current state. It is the same object until something changes. */
  readonly getSnapshot: () => Snapshot
}

export interface WatchState {
  readonly status: WatchStatus
  /** Why the engine refused the watch. */
  readonly problem: ProblemDocument | undefined
  /**
   * How often the engine's history was replaced, because a backup was restored or another store is served. Each time,
   * the watch forgets its state and reads it again. If you store data of your own from this watch, delete that data
   * whenever this number grows.
   */
  readonly resets: number
}

/** Announces a new state. `state` contains the members that change. */
export type Changed = (state?: Partial<WatchState>) => void

/** Makes a watch that runs while it has listeners. A new snapshot is made only after a change. */
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
      // Each subscription is separate, even if the same function subscribes twice.
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

/** Calls a listener. If it throws, the error is reported as uncaught, and the other listeners are still called. */
function tell(listener: () => void): void {
  try {
    listener()
  } catch (cause) {
    queueMicrotask(() => {
      throw cause
    })
  }
}
