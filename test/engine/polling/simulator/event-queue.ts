/** Events in the order of their time. Events at the same time keep the order in which they were added. */
export interface EventQueue<A> {
  readonly add: (at: number, what: A) => void
  readonly peek: () => { readonly at: number; readonly what: A } | undefined
  readonly take: () => void
}

/** A sorted list. One loan has only a few events, and for so few no other structure is faster. */
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
