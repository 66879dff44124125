import type { WatchStatus } from "@loan-engine/app/client"
import { useWords } from "../words/language.ts"

/** Whether what is shown is what the engine knows. */
export function LiveMark({ status }: { status: WatchStatus }) {
  const words = useWords()
  return (
    <p className={`live-mark ${status}`} role="status">
      <span aria-hidden="true" />
      {words.status[status === "closed" ? "refused" : status]}
    </p>
  )
}
