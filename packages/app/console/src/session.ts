import { loanClient } from "@loan-engine/app/client"
import type { KeyJson, LoanApiError, LoanClient, WatchStatus } from "@loan-engine/app/client"
import { createContext, use, useEffect, useSyncExternalStore } from "react"

/** A signed-in user: the client with the key, the key's scopes, and the one stream that all pages share. */
export interface Session {
  readonly client: LoanClient
  readonly key: KeyJson
  readonly feed: ReturnType<LoanClient["watchChanges"]>
  /** The key is no longer accepted: show the sign-in page. */
  readonly refused: () => void
}

/** The engine's path is one level above the page that it serves. */
const engineUrl = (): string => new URL("..", document.baseURI).href.replace(/\/$/u, "")

/** A person is waiting, so a lost connection is retried sooner than in a service. */
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

/** Whether the stream is open. A component that uses only this is not rendered again with every change. */
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

/** Runs for every change of any loan. Several may arrive before the page is rendered again. */
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

/** Whether the engine refuses the key itself, and not only this use of it. */
export const isKeyRefused = ({ problem }: LoanApiError): boolean => problem?.code === "unauthorized"
