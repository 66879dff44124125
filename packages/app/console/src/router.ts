import { useMemo, useSyncExternalStore } from "react"

/** The current page. The address holds it after `#`, and the browser never sends that part to a server. */
export type Place =
  | { readonly page: "overview" | "disputes" | "stalled" | "dormant" | "callbacks" }
  | { readonly page: "loans"; readonly query: URLSearchParams }
  | { readonly page: "loan"; readonly reference: string }

/** The pages in the navigation, in order. */
export const pages = ["overview", "loans", "disputes", "stalled", "dormant", "callbacks"] as const
export type Page = (typeof pages)[number]

export const pageHref = (page: Page): string => (page === "overview" ? "#/" : `#/${page}`)
export const loanHref = (reference: string): string => `#/loans/${encodeURIComponent(reference)}`

/** The address of the loan list with these filters. Empty filters are left out. */
export function loansHref(filters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ""))
  return query.size === 0 ? "#/loans" : `#/loans?${query.toString()}`
}

function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/u, "").split("?")
  const [page = "", reference] = path.split("/")
  if (page === "loans" && reference !== undefined && reference !== "") {
    return { page: "loan", reference: decoded(reference) }
  }
  if (page === "loans") return { page: "loans", query: new URLSearchParams(query) }
  if (page === "disputes" || page === "stalled" || page === "dormant" || page === "callbacks") return { page }
  return { page: "overview" }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("hashchange", listener)
  return () => window.removeEventListener("hashchange", listener)
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash)
  return useMemo(() => placeOf(hash), [hash])
}

/**
 * Navigates without a new entry in the browser's history. The search uses this, because it changes with every letter.
 */
export function replacePlace(href: string): void {
  window.history.replaceState(null, "", href)
  window.dispatchEvent(new HashChangeEvent("hashchange"))
}
