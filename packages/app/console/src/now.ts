import { useSyncExternalStore } from "react"

/** How often the displayed relative times change. */
const tickMs = 5_000

let now = Date.now()

const subscribe = (listener: () => void): (() => void) => {
  const ticking = window.setInterval(() => {
    now = Date.now()
    listener()
  }, tickMs)
  return () => window.clearInterval(ticking)
}

/** The current time, at most a few seconds old. Only this place reads the browser's clock. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now)
