import { useSyncExternalStore } from "react"

/** How often what is told relative to now is told anew. */
const tickMs = 5_000

let now = Date.now()

const subscribe = (listener: () => void): (() => void) => {
  const ticking = window.setInterval(() => {
    now = Date.now()
    listener()
  }, tickMs)
  return () => window.clearInterval(ticking)
}

/** The present, a few seconds old at most: the one place that looks at the browser's clock. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)
