import { loanClient } from "@loan-engine/app/client"
import type { KeyJson, LoanApiError, LoanClient, WatchStatus } from "@loan-engine/app/client"
import { createContext, use, useEffect, useSyncExternalStore } from "react"

/** A signed-in user: the client with the API key, the key's scopes, and the one stream that all pages share. */
export interface Session {
  readonly client: LoanClient
  readonly key: KeyJson
  readonly feed: ReturnType<LoanClient["watchChanges"]>
  /** Call this when the engine no longer accepts the key. It shows the sign-in page. */
  readonly refused: () => void
}

/** The engine's path is one level above the page that it serves. */
const engineUrl = (): string => new URL("..", document.baseURI).href.replace(/\/$/u, "")

/** A person is waiting, so the console reconnects sooner than a service does. */
const reconnectMsMax = 5_000

export const clientWith = (apiKey: string): LoanClient =>
  loanClient({ baseUrl: engineUrl(), apiKey, reconnectMsMax })

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = use(SessionContext)
  if (session === undefined) throw new Error("this is shown to those who are signed in only")
  return session
}

export const useMayOperate = (): boolean => useSession().key.scopes.includes("operate")

/** Whether the stream is open. A component that needs only this is not rendered again with every change. */
export function useFeedStatus(): WatchStatus {
  const { feed } = useSession()
  return useSyncExternalStore(feed.subscribe, () => feed.getSnapshot().status)
}

/** The latest changes from the stream. */
export function useLatestChanges(): ReadonlyArray<Change> {
  const { feed } = useSession()
  return useSyncExternalStore(feed.subscribe, feed.getSnapshot).changes
}

type Change = ReturnType<Session["feed"]["getSnapshot"]>["changes"][number]

/** Calls `take` for every change of any loan. Several changes may arrive before the next render. */
export function useEachChange(take: (change: Change) => void): void {
  const { feed } = useSession()
  useEffect(() => {
    let [last] = feed.getSnapshot().changes
    return feed.subscribe(() => {
      const [change] = feed.getSnapshot().changes
      if (change === undefined || change === last) return
      last = change
      take(change)
    })
  }, [feed, take])
}

/** Whether the engine refuses the key itself. If the key only lacks a scope, this is false. */
export const isKeyRefused = ({ problem }: LoanApiError): boolean => problem?.code === "unauthorized"
