import type { AccountJson } from "@loan-engine/app/client"
import { useWords } from "../words/language.ts"

type Callbacks = AccountJson["callbacks"]

const newsOf = ({ byCallback, byPoll }: Callbacks): number => byCallback + byPoll

type State = Callbacks["state"]

/** The sign of each state. The sign tells the states apart without colours. */
const signs: { readonly [S in State]: string } = {
  quiet: "○",
  unjudged: "○",
  fine: "✓",
  "some-refused": "◐",
  "some-missed": "◐",
  late: "△",
  alarm: "▲",
}
const styles: { readonly [S in State]?: string } = { fine: "fine", late: "warn", alarm: "alarm" }

export function HealthBadge({ callbacks: { state } }: { callbacks: Callbacks }) {
  const { callbacks: words } = useWords()
  const names: { readonly [S in State]: string } = {
    quiet: words.quiet,
    unjudged: words.unjudged,
    fine: words.fine,
    "some-refused": words.someRefused,
    "some-missed": words.someMissed,
    late: words.areLate,
    alarm: words.alarm,
  }
  return (
    <span className={`badge ${styles[state] ?? ""}`}>
      {signs[state]} {names[state]}
    </span>
  )
}

/** Shows as a bar how much of the news came without a callback. The numbers are next to the bar. */
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
