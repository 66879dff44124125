import { loanClient } from "@loan-engine/app/client"

const asked = new URL(location.href).searchParams

/** Watches the loan in the page's address, at the engine in the page's address. */
export const watch = loanClient({
  baseUrl: asked.get("engine") ?? "",
  apiKey: asked.get("key") ?? "",
  reconnectMsMin: 50,
  reconnectMsMax: 200,
}).watchLoan(asked.get("loan") ?? "")

export type Snapshot = ReturnType<typeof watch.getSnapshot>

/** The text that each page shows for a snapshot. */
export const textOf = ({ status, loan }: Snapshot): string => `${status} ${loan?.stage ?? "unknown"}`
