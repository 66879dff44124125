import { loanClient } from "@loan-engine/app/client"

const asked = new URL(location.href).searchParams

/** The loan that the page's address names, watched at the engine that it names. */
export const watch = loanClient({
  baseUrl: asked.get("engine") ?? "",
  apiKey: asked.get("key") ?? "",
  reconnectMsMin: 50,
  reconnectMsMax: 200,
}).watchLoan(asked.get("loan") ?? "")

export type Snapshot = ReturnType<typeof watch.getSnapshot>

/** What each page shows of a snapshot. */
export const textOf = ({ status, loan }: Snapshot): string => `${status} ${loan?.stage ?? "unknown"}`
