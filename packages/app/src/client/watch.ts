import { Effect, Fiber } from "effect"
import type { ProblemDocument } from "../contract/problems.ts"

/**
 * `live`: what is shown is what the engine knows; `reconnecting`: it is what was known when the line was lost; `closed`: nobody
 * listens any more, or the client was closed, and what is shown grows old.
 */
export type WatchStatus = "connecting" | "live" | "reconnecting" | "refused" | "closed"

/** What a frontend subscribes to: fits React's useSyncExternalStore, and its like elsewhere, as it is. */
export interface Watch<Snapshot> {
  /** Follows the engine while anybody is subscribed; gives what ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void
  /** The same object until something changes. */
  readonly getSnapshot: () => Snapshot
}

export interface WatchState {
  readonly status: WatchStatus
  /** Why the engine refuses to be watched. */
  readonly problem: ProblemDocument | undefined
  /**
   * How often what was shown turned out to be of a history that the engine no longer has, because a backup was restored or
   * another store is served. Each time, it was forgotten and read again: if the number grows, a reader that keeps more must forget it, too.
   */
  readonly resets: number
}

/** Says that something must be shown again, with the members of the state that are others now. */
export type Changed = (state?: Partial<WatchState>) => void

/** A watch that runs while it has listeners, and takes its snapshot anew only after a change. */
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
      // Each subscription is one of its own, even of the same function.
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

/** A listener that throws is its owner's defect: it crashes as one, and the other listeners are told all the same. */
function tell(listener: () => void): void {
  try {
    listener()
  } catch (cause) {
    queueMicrotask(() => {
      throw cause
    })
  }
}
