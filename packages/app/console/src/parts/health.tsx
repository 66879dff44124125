import type { AccountJson } from "@loan-engine/app/client"
import { useWords } from "../words/language.ts"

type Callbacks = AccountJson["callbacks"]

const newsOf = ({ byCallback, byPoll }: Callbacks): number => byCallback + byPoll

export function HealthBadge({ callbacks }: { callbacks: Callbacks }) {
  const words = useWords()
  if (callbacks.alarming) return <span className="badge alarm">▲ {words.callbacks.alarm}</span>
  if (newsOf(callbacks) === 0) return <span className="badge">○ {words.callbacks.quiet}</span>
  return <span className="badge fine">✓ {words.callbacks.fine}</span>
}

/** The share of the news that no callback brought, as a bar; the numbers stand beside it. */
export function HealthBar({ callbacks }: { callbacks: Callbacks }) {
  return (
    <svg className="health-bar" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
      <rect className={newsOf(callbacks) === 0 ? "" : "came"} width="100" height="2" />
      <rect
        className="missed"
        x={100 - callbacks.missedRate * 100}
        width={callbacks.missedRate * 100}
        height="2"
      />
    </svg>
  )
}
