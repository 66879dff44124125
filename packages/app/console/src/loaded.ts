import { LoanApiError } from "@loan-engine/app/client"
import { useCallback, useEffect, useRef, useState } from "react"
import { isKeyRefused, useEachChange, useSession } from "./session.ts"

export interface Loaded<A> {
  /** The last loaded value. It stays during the next load, and also if that load fails. */
  readonly value: A | undefined
  readonly error: LoanApiError | undefined
  readonly reload: () => void
}

/** Calls `load` when a page opens, when `load` changes, and on demand. Only the answer to the newest call counts. */
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

/** A refusal by the engine is a `LoanApiError`. Any other failure is a defect, which the defect guard catches. */
export function asApiError(error: unknown): LoanApiError {
  if (error instanceof LoanApiError) return error
  throw error
}

/**
 * `refreshMs` is the wait between a change and the next load. It is longer than the engine's own wait before it
 * counts again. `refreshWithoutChangeMs` is the interval without a change.
 */
const refreshMs = 1_200
export const refreshWithoutChangeMs = 5_000

/**
 * Calls `reload` soon after a relevant change. Many changes in a short time cause one reload. It also calls `reload`
 * at intervals, because the feed does not report that a loan is stalled.
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
