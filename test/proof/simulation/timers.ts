/** An action at an instant of virtual time. */
export interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** A heap of timers with the earliest first. Timers of the same instant keep the order in which they were set. */
export function makeTimers() {
  const heap: Array<Timer> = []

  const swapIfLater = (parent: number, child: number): boolean => {
    const [above, below] = [heap[parent], heap[child]]
    if (above === undefined || below === undefined || isBefore(above, below)) return false
    heap[parent] = below
    heap[child] = above
    return true
  }
  const earlierChild = (index: number): number => {
    const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]]
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
  }

  const add = (timer: Timer): void => {
    let index = heap.push(timer) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!swapIfLater(parent, index)) return
      index = parent
    }
  }

  const take = (): Timer | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || first === last) return first
    heap[0] = last
    let index = 0
    for (let child = 1; swapIfLater(index, (child = earlierChild(index)));) index = child
    return first
  }

  return { add, take }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
