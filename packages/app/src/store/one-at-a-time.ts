import { Effect, Semaphore } from "effect"

/** Runs effects of the same key one after another, in the order they came; those of different keys side by side. */
export function makeOneAtATime() {
  const lines = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return <A, E, R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const line = lines.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
      lines.set(key, line)
      line.users++
      return Effect.ensuring(
        line.semaphore.withPermits(1)(effect),
        Effect.sync(() => {
          line.users--
          if (line.users === 0) lines.delete(key)
        }),
      )
    })
}
