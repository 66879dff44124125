import type { WatchStatus } from "@loan-engine/app/client"
import { useWords } from "../words/language.ts"

/** Whether the page shows the engine's current state. */
export function LiveMark({ status }: { status: WatchStatus }) {
  const words = useWords()
  return (
    <p className={`live-mark ${status}`} role="status">
      <span aria-hidden="true" />
      {words.status[status === "closed" ? "refused" : status]}
    </p>
  )
}
