/** A page that shows the disputed loans and stays current. Its origin must be one of the engine's `corsOrigins`. */
import { useSyncExternalStore } from "react"
import { createRoot } from "react-dom/client"
import { loanClient } from "@loan-engine/app/client"

const query = new URLSearchParams(location.search)
const client = loanClient({
  baseUrl: query.get("engine") ?? "http://127.0.0.1:8080",
  apiKey: query.get("key") ?? "",
})
const watch = client.watchLoans({ disputed: true })

function Disputed() {
  const { loans, status } = useSyncExternalStore(watch.subscribe, watch.getSnapshot)
  return (
    <ul aria-label={status}>
      {loans.map(({ applicationReference, next }) => (
        <li key={applicationReference}>
          {applicationReference}: {next.action}
        </li>
      ))}
    </ul>
  )
}

const root = document.querySelector("#root")
if (root !== null) createRoot(root).render(<Disputed />)
