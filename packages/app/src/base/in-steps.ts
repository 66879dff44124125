import { Effect } from "effect"

/** After this many items, other work gets its turn. */
const stepItems = 16

/**
 * Makes something of each item, and lets other work run in between. So a long page delays a callback by one step
 * only.
 */
export const inSteps = <A, B, E, R>(
  items: ReadonlyArray<A>,
  make: (item: A) => Effect.Effect<B, E, R>,
): Effect.Effect<Array<B>, E, R> =>
  Effect.forEach(items, (item, index) =>
    (index + 1) % stepItems === 0 ? Effect.tap(make(item), Effect.yieldNow) : make(item),
  )

/** Like {@link inSteps}, for a function that cannot fail. */
export const mapInSteps = <A, B>(items: ReadonlyArray<A>, make: (item: A) => B): Effect.Effect<Array<B>> =>
  inSteps(items, (item) => Effect.sync(() => make(item)))
