import { loanClient } from "@loan-engine/app/client"
import type { KeyJson, LoanApiError, LoanClient } from "@loan-engine/app/client"
import { createContext, use, useEffect, useSyncExternalStore } from "react"

/** Somebody who is signed in: the client with the key, what the key may do, and the one stream that all pages share. */
export interface Session {
  readonly client: LoanClient
  readonly key: KeyJson
  readonly feed: ReturnType<LoanClient["watchChanges"]>
  /** The key is no longer accepted: back to the sign-in. */
  readonly refused: () => void
}

/** The engine stands one step above the page that it serves. */
const engineUrl = (): string => new URL("..", document.baseURI).href.replace(/\/$/u, "")

/** Somebody sits there and waits: a lost line is tried again sooner than a service would. */
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

export function useFeed() {
  const { feed } = useSession()
  return useSyncExternalStore(feed.subscribe, feed.getSnapshot)
}

type Change = ReturnType<Session["feed"]["getSnapshot"]>["changes"][number]

/** Runs for every change of any loan; several may come before the page is drawn again. */
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

/** Whether the engine refuses the key itself, and not only what it was used for. */
export const isKeyRefused = ({ problem }: LoanApiError): boolean => problem?.code === "unauthorized"
