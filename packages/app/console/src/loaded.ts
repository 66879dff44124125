import { LoanApiError } from "@loan-engine/app/client"
import { useCallback, useEffect, useRef, useState } from "react"
import { isKeyRefused, useEachChange, useSession } from "./session.ts"

export interface Loaded<A> {
  /** The last loaded value. It stays while it is loaded again, and if that fails. */
  readonly value: A | undefined
  readonly error: LoanApiError | undefined
  readonly reload: () => void
}

/** Loads something when a page is opened, when `load` changes, and on demand. Only the newest answer counts. */
export function useLoaded<A>(load: () => Promise<A>): Loaded<A> {
  const { refused } = useSession()
  const [state, setState] = useState<{
    readonly by: unknown
    readonly value: A | undefined
    readonly error: LoanApiError | undefined
  }>({ by: load, value: undefined, error: undefined })
  const newest = useRef(0)
  const reload = useCallback(() => {
    const own = (newest.current += 1)
    const settle = (value: A | undefined, error: LoanApiError | undefined): void => {
      if (own !== newest.current) return
      if (error !== undefined && isKeyRefused(error)) return refused()
      setState((before) => ({
        by: load,
        value: value ?? (before.by === load ? before.value : undefined),
        error,
      }))
    }
    load().then(
      (value) => settle(value, undefined),
      (error: unknown) => settle(undefined, asApiError(error)),
    )
  }, [load, refused])
  useEffect(reload, [reload])
  const isCurrent = state.by === load
  return {
    value: isCurrent ? state.value : undefined,
    error: isCurrent ? state.error : undefined,
    reload,
  }
}

/** Any failure other than a refusal of the engine is a defect. The defect guard catches it. */
export function asApiError(error: unknown): LoanApiError {
  if (error instanceof LoanApiError) return error
  throw error
}

/**
 * How soon after a change the counts are loaded again (later than the engine counts again), and how often without a
 * change.
 */
const refreshMs = 1_200
export const refreshWithoutChangeMs = 5_000

/**
 * Loads again soon after a relevant change, but at most once in a while for any number of changes. It also loads from
 * time to time without a change, because the feed does not report that a loan is stalled.
 */
export function useRefresh(reload: () => void, matters: (change: ChangeOfFeed) => boolean = always): void {
  const waiting = useRef<number | undefined>(undefined)
  const soon = useCallback(
    (change: ChangeOfFeed) => {
      if (waiting.current !== undefined || !matters(change)) return
      waiting.current = window.setTimeout(() => {
        waiting.current = undefined
        reload()
      }, refreshMs)
    },
    [reload, matters],
  )
  useEachChange(soon)
  useEffect(() => {
    const repeated = window.setInterval(reload, refreshWithoutChangeMs)
    return () => {
      window.clearInterval(repeated)
      window.clearTimeout(waiting.current)
      waiting.current = undefined
    }
  }, [reload])
}

const always = (): boolean => true
type ChangeOfFeed = Parameters<Parameters<typeof useEachChange>[0]>[0]
