/** What is to happen, in the order of time; of the same moment, in the order it was added. */
export interface EventQueue<A> {
  readonly add: (at: number, what: A) => void
  readonly peek: () => { readonly at: number; readonly what: A } | undefined
  readonly take: () => void
}

/** A list kept in order: one loan has a handful of events, for which nothing cleverer is faster. */
export function makeEventQueue<A>(): EventQueue<A> {
  const events: Array<{ readonly at: number; readonly what: A }> = []
  let first = 0
  return {
    add: (at, what) => {
      let index = events.length
      while (index > first && (events[index - 1]?.at ?? 0) > at) index--
      events.splice(index, 0, { at, what })
    },
    peek: () => events[first],
    take: () => {
      first++
    },
  }
}
